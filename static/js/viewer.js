// Brings the marked passage to the middle of the page, also when the link had no #passage.
const passage = document.querySelector("[data-viewer] [data-passage]");
if (passage) {
  passage.scrollIntoView({ block: "center" });
  passage.focus({ preventScroll: true });
}
document.querySelector('a[href="#passage"]')?.addEventListener("click", (event) => {
  event.preventDefault();
  passage?.scrollIntoView({ block: "center", behavior: "smooth" });
});
