// What the page holds, which picture is shown and how; the keys. Pictures are read when they are first needed.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const settings = read("settings");
const identity = read("identity");
const pairs = [...document.querySelectorAll(".pair")].map((element) => JSON.parse(element.textContent));
const pictures = ["left", "right"].map((side) => document.querySelectorAll(`.${side}`));
const current = { number: 0, mode: "" };
const HINTS = {
  slider: [["←", "→", "picture"], ["drag", "line"], ["wheel", "zoom"], ["Z", "1:1"], ["?", "help"]],
  flicker: [["←", "→", "picture"], ["Space", "swap"], ["P", "play"], ["wheel", "zoom"], ["Z", "1:1"], ["?", "help"]],
  side: [["←", "→", "picture"], ["drag", "move"], ["wheel", "zoom"], ["Z", "1:1"], ["?", "help"]],
  study: [["mouse", "place"], ["wheel", "size"], ["1", "2", "vote"], ["Backspace", "take back"], ["?", "help"]],
};
const ONCE = /^([12a-z? ]|Backspace)$/i; // a key that is held votes once, and does not make the screen flash
const LETTERS = { s: "slider", f: "flicker", d: "side", t: "study" };

function loaded(number) {
  return { ...pairs[number], uris: pictures.map((elements) => elements[number].textContent) };
}

function show(number) {
  if (number < 0 || number >= pairs.length) return;
  current.number = number;
  const pair = loaded(number);
  showPair(pair);
  document.getElementById("pairs").selectedIndex = number;
  Object.assign(document.getElementById("note"), { textContent: pair.note, title: pair.note });
  document.getElementById("previous").disabled = number === 0;
  document.getElementById("next").disabled = number === pairs.length - 1;
}

function turn(mode) {
  if (locked() && mode !== "study") return;
  current.mode = document.body.dataset.mode = mode;
  for (const button of document.querySelectorAll("#modes button")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  const studying = mode === "study";
  view.hidden = studying;
  study.hidden = !studying;
  document.getElementById("pager").hidden = document.getElementById("zoom").hidden = studying;
  hint(HINTS[mode]);
  if (studying) drawTrial();
  else look(mode);
}

// A page that was made for the test shows nothing else before it is done.
function locked() {
  return settings.mode === "study" && study.dataset.done !== "yes";
}

function hint(hints) {
  const spans = hints.map((words) => {
    const span = document.createElement("span");
    for (const key of words.slice(0, -1)) span.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
    span.append(words.at(-1));
    return span;
  });
  document.getElementById("keys").replaceChildren(...spans);
}

function pressed(event) {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  const onButton = event.target instanceof HTMLButtonElement && [" ", "Enter"].includes(event.key);
  const dialog = document.getElementById("dialog");
  const held = event.repeat && ONCE.test(event.key);
  if (typing || onButton || held || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (handled(event.key.toLowerCase(), dialog)) event.preventDefault();
}

function handled(key, dialog) {
  if (key === "?") return dialog.showModal() ?? true;
  if (key in LETTERS) return turn(LETTERS[key]) ?? true;
  if (current.mode === "study") return studyKey(key);
  if (key === "arrowleft" || key === "arrowright") return show(current.number + (key === "arrowleft" ? -1 : 1)) ?? true;
  return viewKey(key);
}

document.getElementById("pairs").append(...pairs.map(({ title }) => new Option(title)));
document.getElementById("pairs").addEventListener("change", (event) => show(event.target.selectedIndex));
document.getElementById("previous").addEventListener("click", () => show(current.number - 1));
document.getElementById("next").addEventListener("click", () => show(current.number + 1));
document.getElementById("zoom").addEventListener("click", () => toggleFit());
document.getElementById("help").addEventListener("click", () => document.getElementById("dialog").showModal());
for (const button of document.querySelectorAll("#modes button")) {
  button.addEventListener("click", () => (turn(button.dataset.mode), button.blur()));
}
addEventListener("keydown", pressed);
document.body.addEventListener("studied", () => (document.getElementById("modes").hidden = false));
stepTo("intro");
document.getElementById("modes").hidden = settings.mode === "study";
show(0);
turn(settings.mode);
