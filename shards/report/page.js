// Draws the figures, opens long texts, and marks in the contents where the reader is.
"use strict";

const family = getComputedStyle(document.body).fontFamily;
for (const place of document.querySelectorAll(".plot")) {
  const figure = JSON.parse(place.querySelector("script").textContent);
  // Not by the style sheet: plotly measures texts elsewhere, and would leave legends the room of another font.
  figure.layout.font = { ...figure.layout.font, family };
  const settings = { displayModeBar: false, responsive: true, showTips: false };
  Plotly.newPlot(place, figure.data, figure.layout, settings);
}

for (const text of document.querySelectorAll("pre")) {
  if (text.scrollHeight <= text.clientHeight + 4) continue;
  text.classList.add("long");
  text.tabIndex = 0;
  text.setAttribute("role", "button");
  text.setAttribute("aria-expanded", "false");
  const toggle = () => {
    if (String(getSelection())) return; // the reader is copying from it
    text.setAttribute("aria-expanded", String(text.classList.toggle("open")));
  };
  text.addEventListener("click", toggle);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle();
  });
}

const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const targets = [...links.keys()].map((id) => document.getElementById(id));
const mark = () => {
  const passed = targets.filter((target) => target.getBoundingClientRect().top < 120);
  const current = links.get((passed.at(-1) ?? targets[0]).id);
  if (current.classList.contains("here")) return;
  for (const link of links.values()) link.classList.toggle("here", link === current);
  current.scrollIntoView({ block: "nearest" });
};
addEventListener("scroll", mark, { passive: true });
mark();
