// A picture in all of the window, and its other versions in the same place.

const viewer = document.getElementById("viewer");
const shown = { versions: [], number: 0 };

function show(number) {
  const count = shown.versions.length;
  shown.number = (number + count) % count;
  const version = shown.versions[shown.number];
  viewer.querySelector("img").src = version.querySelector("img").src;
  document.getElementById("version").textContent = `${shown.number + 1}  ${version.dataset.name}`;
}

function pressed(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const number = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
  if (event.ctrlKey || event.metaKey || event.altKey || (!step && !(number in shown.versions))) return;
  event.preventDefault();
  show(step ? shown.number + step : number);
}

for (const spot of document.querySelectorAll(".versions")) {
  const versions = [...spot.querySelectorAll("[data-name]")];
  versions.forEach((version, number) => {
    version.querySelector("button").addEventListener("click", () => {
      shown.versions = versions;
      show(number);
      viewer.showModal();
    });
  });
}
viewer.addEventListener("click", (event) => (event.target.id === "close" ? viewer.close() : show(shown.number + 1)));
viewer.addEventListener("keydown", pressed);
