// Brings the marked passage to the middle of the page, also when the link had no #passage, and keeps the reader's
// place when earlier text is put above it. Where the picture of the page stands above the text, that is seen first.
const viewer = document.querySelector("[data-viewer]");
const passage = viewer?.querySelector("[data-passage]");

const picture = document.querySelector("[data-page-picture]");
const isPictureFirst = picture && !matchMedia("(min-width: 64.01rem)").matches;

if (passage && !isPictureFirst) {
  passage.scrollIntoView({ block: "center" });
  passage.focus({ preventScroll: true });
}
document.querySelector('a[href="#passage"]')?.addEventListener("click", (event) => {
  event.preventDefault();
  passage?.scrollIntoView({ block: "center", behavior: "smooth" });
});

let below = null;
let place = 0;
viewer?.addEventListener("htmx:beforeSwap", (event) => {
  below = event.detail.target.nextElementSibling; // what the new text pushes down; nothing, when it comes at the end
  place = below?.getBoundingClientRect().top;
});
viewer?.addEventListener("htmx:afterSwap", () => {
  if (below) viewer.closest("#content").scrollTop += below.getBoundingClientRect().top - place;
});
