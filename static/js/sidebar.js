// The conversation list: renaming in place, and notices that go away by themselves.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !event.target.matches("[data-rename]")) return;
  event.preventDefault();
  event.target.form.querySelector("[data-rename-cancel]").click();
});

document.addEventListener("focusout", (event) => {
  const isLeft = event.target.matches("[data-rename]") && event.target.isConnected;
  if (isLeft && event.relatedTarget === null && document.hasFocus()) event.target.form.requestSubmit();
});

function prepare(root) {
  const name = root.querySelector?.("[data-rename]");
  if (name) {
    name.focus();
    name.select();
  }
  const notices = [...(root.querySelectorAll?.("[data-vanish-s]") ?? []), ...(root.matches?.("[data-vanish-s]") ? [root] : [])];
  for (const notice of notices) setTimeout(() => notice.remove(), 1000 * Number(notice.dataset.vanishS));
}

document.addEventListener("htmx:load", (event) => prepare(event.target));
