// A deleted file takes its button with it: the focus goes on to the next file's button.
let place = -1;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-delete]")) place = [...document.querySelectorAll("[data-delete]")].indexOf(event.target);
});

document.addEventListener("htmx:afterSettle", () => {
  if (place < 0 || document.activeElement !== document.body) return;
  const buttons = [...document.querySelectorAll("[data-delete]")];
  (buttons[place] ?? buttons.at(-1) ?? document.querySelector("[data-upload-input]")).focus();
  place = -1;
});
