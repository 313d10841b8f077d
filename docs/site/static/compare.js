// Makes every <div class="compare"> that holds two pictures a slider between them. Without this
// script, and in a browser of the repository, the pictures stand one under the other.
"use strict";

for (const box of document.querySelectorAll("div.compare")) {
  const pictures = [...box.querySelectorAll("img")];
  if (pictures.length !== 2) continue;
  const [left, right] = pictures;

  const stage = document.createElement("div");
  stage.className = "stage";
  stage.append(left, right);
  for (const [picture, side] of [[left, "left"], [right, "right"]]) {
    const name = document.createElement("span");
    name.className = side;
    name.textContent = picture.alt;
    stage.append(name);
  }

  // A range input brings keys, touch and a name for screen readers with it.
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.max = 100;
  slider.setAttribute("aria-label", `from "${left.alt}" on the left to "${right.alt}" on the right`);
  const show = () => {
    stage.style.setProperty("--at", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % ${left.alt}`);
  };
  slider.value = box.dataset.at ?? 50;
  slider.addEventListener("input", show);
  stage.append(slider);
  show();

  box.replaceChildren(stage);
}
