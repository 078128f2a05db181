// One factor is chosen for the video; a picture in all of the window, and its neighbours in the grid.

const choices = JSON.parse(document.getElementById("choices").textContent);
const rows = [...document.querySelectorAll("tbody tr")];
const grid = rows.map((row) => [...row.querySelectorAll("figure")]);
const viewer = document.getElementById("viewer");
const place = { row: 0, column: 0 };
let chosen = "";

function choose(factor) {
  chosen = factor;
  for (const row of rows) {
    row.classList.toggle("chosen", row.dataset.factor === factor);
    row.querySelector(".choose")?.setAttribute("aria-pressed", row.dataset.factor === factor);
  }
  rows.find((row) => row.dataset.factor === factor).scrollIntoView({ block: "nearest" });
  document.getElementById("asked").hidden = true;
  document.getElementById("chosen").hidden = false;
  document.querySelector("#chosen b").textContent = `${factor} is chosen.`;
  document.querySelector("#chosen code").textContent = choices[factor].command;
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([choices[chosen].file], { type: "application/json" }));
  link.download = "choice.json";
  link.click();
  URL.revokeObjectURL(link.href);
}

function show(row, column) {
  place.row = (row + grid.length) % grid.length;
  place.column = (column + grid[0].length) % grid[0].length;
  const figure = grid[place.row][place.column];
  viewer.querySelector("img").src = figure.querySelector("img").src;
  const told = figure.querySelector("figcaption").textContent;
  document.getElementById("version").textContent = `${rows[place.row].dataset.name}, patch ${place.column + 1}: ${told}`;
}

function asked(key) {
  const factor = key === "0" ? "1" : `0.${key}`;
  return /^[0-9]$/.test(key) ? rows.findIndex((row) => row.dataset.factor === factor) : -1;
}

function look(event) {
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
  const { factor } = rows[place.row].dataset;
  if (down || right) show(place.row + down, place.column + right);
  else if (asked(event.key) >= 0) show(asked(event.key), place.column);
  else if (event.key === "Enter" && event.target === viewer && factor) {
    choose(factor);
    viewer.close();
  } else return;
  event.preventDefault();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer.open) look(event);
  else if (asked(event.key) >= 0) choose(rows[asked(event.key)].dataset.factor);
}

grid.forEach((figures, row) => figures.forEach((figure, column) => {
  figure.querySelector("button").addEventListener("click", () => {
    show(row, column);
    viewer.showModal();
    viewer.focus();
  });
}));
for (const button of document.querySelectorAll(".choose")) {
  button.addEventListener("click", () => choose(button.closest("tr").dataset.factor));
}
document.getElementById("save").addEventListener("click", save);
document.getElementById("close").addEventListener("click", () => viewer.close());
document.addEventListener("keydown", pressed);
