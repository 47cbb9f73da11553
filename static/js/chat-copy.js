// Copies code blocks and messages.
function textOf(button) {
  if (button.dataset.copyFrom === undefined) return button.closest(".code").querySelector("code").textContent;
  const source = document.getElementById(button.dataset.copyFrom);
  return (source.content ?? source).textContent;
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.createElement("textarea"); // plain HTTP over a network has no clipboard API
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  await copy(textOf(button));
  button.dataset.copied = "yes";
  const isLabelled = !button.hasAttribute("aria-label");
  if (isLabelled) button.textContent = "Copied";
  setTimeout(() => {
    delete button.dataset.copied;
    if (isLabelled) button.textContent = "Copy";
  }, 1500);
});
