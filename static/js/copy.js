// Buttons with data-copy="#id" copy that element's text and say so for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(document.querySelector(button.dataset.copy));
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
});

async function copy(element) {
  // Over plain HTTP from another device there is no clipboard; then the text is selected, ready for the keyboard.
  if (navigator.clipboard) await navigator.clipboard.writeText(element.textContent);
  else getSelection().selectAllChildren(element);
}
