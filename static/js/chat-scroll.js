// Follows the answer while the person is at the end; leaves them alone when they have scrolled up to read.
const area = document.querySelector("[data-scroll]");
const jump = document.querySelector("[data-jump]");
const NEAR_PX = 80;
let follows = true;

const isAtEnd = () => area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_PX;

function toEnd() {
  area.scrollTop = area.scrollHeight;
}

if (area) {
  area.addEventListener("scroll", () => {
    follows = isAtEnd();
    if (follows) jump.hidden = true;
  }, { passive: true });
  document.addEventListener("htmx:wsAfterMessage", () => {
    if (follows) toEnd();
    else jump.hidden = isAtEnd();
  });
  document.addEventListener("submit", () => {
    follows = true;
  });
  jump.addEventListener("click", () => {
    follows = true;
    jump.hidden = true;
    toEnd();
  });
  new ResizeObserver(() => follows && toEnd()).observe(area); // the composer grew, a keyboard opened
  if (!location.hash) toEnd();
}
