// The A/B test of VQD-SR's user study: two pictures in random order, two windows that follow the mouse, keys 1 and 2.

const study = document.getElementById("study");
const place2 = document.getElementById("place");
const windows = [1, 2].map((number) => document.getElementById(`zoom${number}`));
const LEAST = 32; // samples that a window shows in its width at least

const test = { step: "intro", seed: 0, started: "", order: [], votes: [], saved: true, shown: 0, pair: null, images: [],
  centre: [0.5, 0.5], width: 0 };

// A small generator with a seed, so that an order can be repeated: mulberry32.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function chosenSeed() {
  const said = /[#&]seed=(\d+)/.exec(location.hash);
  return said ? Number(said[1]) >>> 0 : crypto.getRandomValues(new Uint32Array(1))[0];
}

function stepTo(step) {
  test.step = study.dataset.step = step;
}

function startStudy() {
  const random = generator((test.seed = chosenSeed()));
  test.order = pairs.map(() => (random() < 0.5 ? ["left", "right"] : ["right", "left"]));
  Object.assign(test, { votes: [], saved: true, started: new Date().toISOString(), width: 0, centre: [0.5, 0.5] });
  document.activeElement?.blur();
  nextTrial();
}

async function nextTrial() {
  const number = test.votes.length;
  if (number === pairs.length) return finish();
  stepTo("trial");
  test.pair = loaded(number);
  const order = test.order[number].map((side) => test.pair.uris[side === "left" ? 0 : 1]);
  document.getElementById("progress").textContent = `${number + 1} of ${pairs.length}`;
  document.getElementById("name").textContent = test.pair.title;
  test.images = order.map((uri, index) => Object.assign(place2.querySelectorAll("img")[index], { src: uri }));
  await Promise.all(test.images.map((image) => image.decode()));
  test.shown = performance.now();
  drawTrial();
}

// The overview fills its column; the windows show the same region of both pictures, sample for pixel to begin with.
function drawTrial() {
  if (test.step !== "trial" || !study.clientWidth) return;
  const { width, height } = test.pair;
  const figure = document.getElementById("overview");
  const caption = figure.querySelector("figcaption").offsetHeight;
  const scale = Math.min(figure.clientWidth / width, (figure.clientHeight - caption - 12) / height);
  place2.style.width = `${width * scale}px`;
  place2.style.height = `${height * scale}px`;
  windows.forEach((canvas) => {
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * devicePixelRatio);
    canvas.height = Math.round(box.height * devicePixelRatio);
  });
  drawWindows();
}

// What the windows show, in samples.
function region() {
  const { width, height } = test.pair;
  const canvas = windows[0];
  const most = Math.max(width, (height * canvas.width) / canvas.height);
  const first = Math.min(canvas.width, width / 2, ((height / 2) * canvas.width) / canvas.height);
  test.width = Math.min(most, Math.max(LEAST, test.width || first));
  const wide = test.width;
  const high = (wide * canvas.height) / canvas.width;
  const start = (share, part, all) => (part >= all ? (all - part) / 2 : Math.min(all - part, Math.max(0, share * all - part / 2)));
  const whole = wide <= canvas.width ? Math.round : (value) => value;
  return { x: whole(start(test.centre[0], wide, width)), y: whole(start(test.centre[1], high, height)), width: wide, height: high };
}

function drawWindows() {
  const { x, y, width, height } = region();
  windows.forEach((canvas, index) => {
    const context = canvas.getContext("2d");
    const scale = canvas.width / width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = scale < PIXELS;
    context.imageSmoothingQuality = "high";
    context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    context.drawImage(test.images[index], 0, 0);
  });
  const mark = document.getElementById("region").style;
  const share = (value, all) => `${(100 * value) / all}%`;
  [mark.left, mark.width] = [share(x, test.pair.width), share(width, test.pair.width)];
  [mark.top, mark.height] = [share(y, test.pair.height), share(height, test.pair.height)];
}

function vote(choice) {
  if (test.step !== "trial" || !test.shown) return;
  const number = test.votes.length;
  const winner = test.order[number][choice - 1];
  const seen = Object.fromEntries(Object.entries(region()).map(([name, value]) => [name, Math.round(value * 10) / 10]));
  test.votes.push({ pair: number, title: test.pair.title, first: test.order[number][0], choice, winner,
    label: test.pair.labels[winner === "left" ? 0 : 1], seconds: Math.round(performance.now() - test.shown) / 1000,
    window: seen });
  Object.assign(test, { saved: false, shown: 0 });
  nextTrial();
}

function takeBack() {
  if (!test.votes.length || test.step === "intro") return;
  test.votes.pop();
  nextTrial();
}

function preferred() {
  const counts = new Map(pairs.flatMap((pair) => pair.labels).map((label) => [label, 0]));
  for (const { label } of test.votes) counts.set(label, counts.get(label) + 1);
  return [...counts];
}

function finish() {
  stepTo("result");
  study.dataset.done = "yes";
  const rows = preferred().map(([label, count]) => {
    const row = document.createElement("tr");
    for (const text of [label, count, `${Math.round((100 * count) / test.votes.length)}%`]) {
      row.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    return row;
  });
  document.getElementById("tally").replaceChildren(...rows);
  document.body.dispatchEvent(new Event("studied"));
}

function results() {
  const { seed, started, votes } = test;
  return { schema: 1, page: identity, title: settings.title, subject: document.getElementById("subject").value.trim(), seed,
    started, finished: new Date().toISOString(), screen: { width: innerWidth, height: innerHeight, ratio: devicePixelRatio },
    preferred: Object.fromEntries(preferred()), votes };
}

function save() {
  const data = new Blob([JSON.stringify(results(), null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = `votes-${identity.slice(0, 8)}-${test.started.replace(/\D/g, "").slice(0, 14)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  test.saved = true;
}

function follow(event) {
  const box = place2.getBoundingClientRect();
  test.centre = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  drawWindows();
}

function widen(factor) {
  test.width *= factor;
  drawWindows();
}

function nudge(right, down) {
  const { width, height } = region();
  const moved = [right * width, down * height].map((step, axis) => test.centre[axis] + step / [test.pair.width, test.pair.height][axis]);
  test.centre = moved.map((share) => Math.min(1, Math.max(0, share)));
  drawWindows();
}

place2.addEventListener("pointermove", follow);
place2.addEventListener("pointerdown", follow);
for (const target of [place2, ...windows]) {
  target.addEventListener("wheel", (event) => {
    event.preventDefault();
    widen(Math.exp(Math.sign(event.deltaY) * 0.15));
  }, { passive: false });
}
for (const choice of [1, 2]) document.getElementById(`vote${choice}`).addEventListener("click", () => vote(choice));
document.getElementById("start").addEventListener("click", startStudy);
document.getElementById("again").addEventListener("click", startStudy);
document.getElementById("save").addEventListener("click", save);
document.getElementById("subject").addEventListener("keydown", (event) => event.key === "Enter" && startStudy());
new ResizeObserver(drawTrial).observe(study);
addEventListener("beforeunload", (event) => !test.saved && event.preventDefault());

function studyKey(key) {
  const trial = { 1: () => vote(1), 2: () => vote(2), "+": () => widen(0.8), "=": () => widen(0.8), "-": () => widen(1.25),
    arrowleft: () => nudge(-0.1, 0), arrowright: () => nudge(0.1, 0), arrowup: () => nudge(0, -0.1), arrowdown: () => nudge(0, 0.1) };
  const keys = { backspace: takeBack, ...(test.step === "trial" ? trial : {}) };
  keys[key]?.();
  return key in keys;
}
