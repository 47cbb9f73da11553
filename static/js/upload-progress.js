// Forms with data-upload show how far their file is, and why it was refused before any page could say so.
const formOf = (event) => event.target.closest?.("[data-upload]");

document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = formOf(event)?.querySelector("progress");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = (100 * event.detail.loaded) / event.detail.total;
});

document.addEventListener("htmx:responseError", (event) => explain(event, sentence(event.detail.xhr)));
document.addEventListener("htmx:sendError", (event) => explain(event, "The upload was interrupted. Try again."));

function explain(event, words) {
  const form = formOf(event);
  if (!form) return;
  form.querySelector("progress").hidden = true;
  form.querySelector("[data-upload-error]").textContent = words;
}

function sentence(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return "The upload was refused. Reload the page and try again.";
  }
}
