"use strict";
// The pictures in one place or side by side, with one zoom for both: slider, flicker, side by side.

const view = document.getElementById("view");
const panes = ["left", "right"].map((id) => document.getElementById(id));
const divider = document.getElementById("divider");
const GREATEST = 32; // screen pixels for a sample
const PIXELS = 4; // from here on samples are shown as squares, below they are smoothed

const looking = { mode: "slider", divide: 0.5, second: false, playing: 0, fits: true, x: 0, y: 0, scale: 1, size: [1, 1] };

function paneSize() {
  const box = panes[0].getBoundingClientRect();
  return [box.width, box.height];
}

function fitScale() {
  const [width, height] = paneSize();
  return Math.min(width / looking.size[0], height / looking.size[1]);
}

function fit() {
  looking.fits = true;
  looking.scale = fitScale();
  place();
}

// Changes the scale so that what lies at (x, y) of the pane stays there.
function zoomTo(scale, x, y) {
  const least = Math.min(fitScale(), 1 / devicePixelRatio);
  const next = Math.min(Math.max(scale, least), GREATEST / devicePixelRatio);
  looking.x = x - ((x - looking.x) * next) / looking.scale;
  looking.y = y - ((y - looking.y) * next) / looking.scale;
  looking.scale = next;
  looking.fits = false;
  place();
}

function toggleFit(x, y) {
  const [width, height] = paneSize();
  if (looking.fits) zoomTo(1 / devicePixelRatio, x ?? width / 2, y ?? height / 2);
  else fit();
}

// A picture that is smaller than the pane lies in its middle; a larger one covers it.
function kept(offset, shown, room) {
  return shown <= room ? (room - shown) / 2 : Math.min(0, Math.max(room - shown, offset));
}

function place() {
  const room = paneSize();
  looking.x = kept(looking.x, looking.size[0] * looking.scale, room[0]);
  looking.y = kept(looking.y, looking.size[1] * looking.scale, room[1]);
  const onScreen = looking.scale * devicePixelRatio;
  const snap = (offset) => Math.round(offset * devicePixelRatio) / devicePixelRatio;
  for (const pane of panes) {
    const transform = `translate(${snap(looking.x)}px, ${snap(looking.y)}px) scale(${looking.scale})`;
    pane.querySelector("img").style.transform = transform;
  }
  view.classList.toggle("pixels", onScreen >= PIXELS);
  document.getElementById("zoom").textContent = `${looking.fits ? "Fit, " : ""}${Math.round(onScreen * 100)}%`;
  divide(looking.divide);
}

function divide(share) {
  looking.divide = Math.min(1, Math.max(0, share));
  const percent = looking.divide * 100;
  panes[1].style.clipPath = looking.mode === "slider" ? `inset(0 0 0 ${percent}%)` : "none";
  divider.style.left = `${percent}%`;
  divider.setAttribute("aria-valuenow", String(Math.round(percent)));
  const width = view.clientWidth * looking.divide;
  panes[0].querySelector(".label").style.clipPath = clipped(panes[0], width);
}

// The left label ends where the line does, like the picture that it names.
function clipped(pane, width) {
  const label = pane.querySelector(".label");
  if (looking.mode !== "slider") return "none";
  return `inset(0 ${Math.max(0, label.offsetLeft + label.offsetWidth - width)}px 0 0)`;
}

function swap(second = !looking.second) {
  looking.second = second;
  view.classList.toggle("second", second);
}

function play(on) {
  clearInterval(looking.playing);
  looking.playing = on ? setInterval(() => swap(), 500) : 0;
}

function look(mode) {
  looking.mode = view.dataset.mode = mode;
  play(false);
  swap(false);
  if (looking.fits) fit();
  else place();
}

function showPair(pair) {
  const before = looking.size.join();
  looking.size = [pair.width, pair.height];
  panes.forEach((pane, side) => {
    const img = pane.querySelector("img");
    img.src = pair.uris[side];
    img.alt = `${pair.title}: ${pair.labels[side]}`;
    [img.width, img.height] = looking.size;
    pane.querySelector(".label").textContent = pair.labels[side];
  });
  if (looking.fits || before !== looking.size.join()) fit();
  else place();
}

function inPane(event) {
  const second = looking.mode === "side" && event.clientX > panes[1].getBoundingClientRect().left;
  const box = panes[second ? 1 : 0].getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function dragged(event) {
  const box = view.getBoundingClientRect();
  const nearLine = Math.abs(event.clientX - box.left - looking.divide * box.width) < 28;
  const line = looking.mode === "slider" && (nearLine || looking.scale <= fitScale() * 1.001);
  let [x, y] = [event.clientX, event.clientY];
  const move = (now) => {
    if (line) return divide((now.clientX - box.left) / box.width);
    looking.x += now.clientX - x;
    looking.y += now.clientY - y;
    [x, y] = [now.clientX, now.clientY];
    place();
  };
  const end = () => {
    view.classList.remove("dragging");
    view.removeEventListener("pointermove", move);
  };
  event.preventDefault(); // else the line takes the focus, and with it the arrow keys
  view.setPointerCapture(event.pointerId);
  view.classList.add("dragging");
  view.addEventListener("pointermove", move);
  view.addEventListener("pointerup", end, { once: true });
  view.addEventListener("pointercancel", end, { once: true });
  if (line) move(event);
}

view.addEventListener("pointerdown", (event) => event.button === 0 && dragged(event));
view.addEventListener("dblclick", (event) => toggleFit(...inPane(event)));
view.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomTo(looking.scale * Math.exp(-Math.sign(event.deltaY) * 0.2), ...inPane(event));
}, { passive: false });
divider.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  divide(looking.divide + step);
});
new ResizeObserver(() => (looking.fits ? fit() : place())).observe(view);

function viewKey(key) {
  const [width, height] = paneSize();
  const keys = {
    z: () => toggleFit(),
    "+": () => zoomTo(looking.scale * 1.25, width / 2, height / 2),
    "=": () => zoomTo(looking.scale * 1.25, width / 2, height / 2),
    "-": () => zoomTo(looking.scale / 1.25, width / 2, height / 2),
    ",": () => divide(looking.divide - 0.02),
    ".": () => divide(looking.divide + 0.02),
    " ": () => looking.mode === "flicker" && swap(),
    p: () => looking.mode === "flicker" && play(!looking.playing),
  };
  keys[key]?.();
  return key in keys;
}
