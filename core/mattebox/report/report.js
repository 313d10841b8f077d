"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const views = [...document.querySelectorAll("input[name=view]")];
  for (const radio of views) {
    radio.addEventListener("change", () => { document.body.dataset.view = radio.value; });
  }
  const viewer = find("viewer");
  if (!viewer) return;

  const frames = [...find("frame").options].map((option) => option.value);
  const figures = new Map(
    [...document.querySelectorAll("figure[data-frame]")].map((f) => [f.dataset.frame, f]));
  const legends = new Map(
    [...document.querySelectorAll("#sheet > .legend")].map((p) => [p.dataset.of, p.textContent]));
  const svgs = [...document.querySelectorAll("#plots svg")];

  // The pictures stand once in the page, in the contact sheet; the viewer borrows them.
  const put = (image, frame, view) => {
    const source = figures.get(frame).querySelector(`img[data-of="${view}"]`);
    image.src = source ? source.src : "data:,";
    image.alt = source ? source.alt : "";
  };
  const show = () => {
    const frame = find("frame").value;
    put(find("over"), frame, find("left").value);
    put(find("under"), frame, find("right").value);
    find("legend-left").textContent = legends.get(find("left").value) || "";
    find("legend-right").textContent = legends.get(find("right").value) || "";
    find("number").textContent = `frame ${frame}`;
    find("reason").textContent = figures.get(frame).dataset.reason || "";
    viewer.classList.toggle("is-suspect", figures.get(frame).classList.contains("suspect"));
    for (const [number, figure] of figures) figure.classList.toggle("shown", number === frame);
    for (const svg of svgs) {
      const cursor = svg.querySelector(".cursor");
      const x = xOf(Number(frame));
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    viewer.dataset.frame = frame;
  };
  const axis = JSON.parse(find("axis").textContent);
  const xOf = (frame) => axis.left + axis.width *
    (axis.last === axis.first ? 0.5 : (frame - axis.first) / (axis.last - axis.first));
  const nearest = (frame) => frames.reduce((best, other) =>
    Math.abs(other - frame) < Math.abs(best - frame) ? other : best);

  const choose = (frame) => { find("frame").value = frame; show(); };
  const step = (by) => {
    const place = frames.indexOf(find("frame").value) + by;
    if (place >= 0 && place < frames.length) choose(frames[place]);
  };
  const cut = () => {
    find("slider").parentElement.style.setProperty("--cut", `${find("slider").value}%`);
  };
  for (const id of ["frame", "left", "right"]) find(id).addEventListener("change", show);
  find("slider").addEventListener("input", cut);
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  viewer.addEventListener("keydown", (event) => {
    if (event.target.tagName === "SELECT") return;
    const by = { PageUp: -1, PageDown: 1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show]");
    if (!link) return;
    event.preventDefault();
    choose(link.dataset.show);
    viewer.scrollIntoView({ block: "start" });
    find("slider").focus({ preventScroll: true });
  });
  for (const svg of svgs) {
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      const frame = axis.first + (x - axis.left) / axis.width * (axis.last - axis.first);
      if (!event.target.closest("[data-show]")) choose(nearest(frame));
    });
  }
  const worst = document.querySelector("#suspects [data-show]");
  choose(worst ? worst.dataset.show : frames[0]);
  cut();
})();
