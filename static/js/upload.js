// Uploads files and whole folders in batches, so that a folder of thousands works, and says what was left out.
// Bound by data-upload on the form; the server decides again about every file.
import { filesOfDrop } from "./upload-drop.js";

const BATCH_FILES = 50;
const BATCH_BYTES = 100_000_000;
const NAMED_LEFT_OUT = 8;

for (const form of document.querySelectorAll("[data-upload]")) bind(form);

function bind(form) {
  // One after the other: what is chosen during an upload waits for it.
  let waiting = 0;
  let last = Promise.resolve();
  const enqueue = (entries) => {
    if (!entries.length) return;
    if (!waiting) form.querySelector("[data-upload-report]").replaceChildren();
    waiting += 1;
    last = last.then(() => start(form, entries)).finally(() => (waiting -= 1));
  };
  for (const input of form.querySelectorAll("[data-upload-input]")) {
    const take = () => {
      const entries = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
      input.value = "";
      enqueue(entries);
    };
    input.addEventListener("change", take);
    take(); // what was chosen before this script had come
  }
  // The whole page takes a drop: a file that misses the form would otherwise replace the page.
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    form.classList.toggle("upload-over", depth > 0);
  };
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(0);
    enqueue(await filesOfDrop(event.dataTransfer));
  });
  addEventListener("beforeunload", (event) => waiting && event.preventDefault());
}

async function start(form, entries) {
  const part = (name) => form.querySelector(`[data-upload-${name}]`);
  const stopped = new AbortController();
  part("stop").onclick = () => stopped.abort();
  part("progress").hidden = false;

  const { welcome, leftOut } = sorted(entries, form.dataset);
  const result = { added: 0, updated: 0, unchanged: 0, left_out: leftOut, problem: "" };
  const totalBytes = welcome.reduce((sum, { file }) => sum + file.size, 0) || 1;
  let doneBytes = 0;
  let doneFiles = 0;
  const show = (bytes) => {
    part("bar").value = (100 * (doneBytes + bytes)) / totalBytes;
    part("words").textContent = `Uploading ${doneFiles.toLocaleString()} of ${welcome.length.toLocaleString()}`;
  };
  show(0);
  for (const batch of batches(welcome)) {
    try {
      add(result, await send(form, batch, stopped.signal, show));
    } catch (error) {
      result.problem = error.message;
      break;
    }
    doneFiles += batch.length;
    doneBytes += batch.reduce((sum, { file }) => sum + file.size, 0);
    document.body.dispatchEvent(new Event("uploaded"));
  }
  part("progress").hidden = true;
  part("report").append(...lines(result));
}

function sorted(entries, { suffixes, maxBytes }) {
  const known = suffixes.split(" ");
  const welcome = [];
  const leftOut = [];
  for (const entry of entries) {
    const reason = refusal(entry, known, Number(maxBytes));
    if (reason) leftOut.push({ name: entry.path, reason });
    else welcome.push(entry);
  }
  return { welcome, leftOut };
}

function refusal({ file, path }, known, maxBytes) {
  if (path.split("/").some((part) => part.startsWith("."))) return "It is a hidden file.";
  const suffix = /\.[^./]+$/.exec(path)?.[0].toLowerCase();
  if (!suffix) return "Without a suffix it cannot be told how to read it.";
  if (!known.includes(suffix)) return `Files ending in ${suffix} cannot be read yet.`;
  if (file.size > maxBytes) return `It is larger than ${Math.round(maxBytes / 1e6)} MB.`;
  return "";
}

function* batches(entries) {
  let batch = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length === BATCH_FILES || (batch.length && bytes + entry.file.size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.file.size;
  }
  if (batch.length) yield batch;
}

// XMLHttpRequest, because fetch cannot tell how much of a body has been sent.
function send(form, batch, signal, onProgress) {
  const body = new FormData();
  for (const { file, path } of batch) {
    body.append("files", file, file.name);
    body.append("paths", path);
  }
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    const fail = (words) => reject(new Error(words));
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onabort = () => fail("The upload was stopped. What had arrived is kept.");
    request.onerror = () => fail("The connection to Inglenook was lost. What had arrived is kept; upload the rest again.");
    request.onload = () => {
      if (request.status === 200 && request.response) resolve(request.response);
      else fail(request.response?.detail || `Inglenook could not take the files (status ${request.status}).`);
    };
    if (signal.aborted) fail("The upload was stopped. What had arrived is kept.");
    else request.send(body);
  });
}

function add(result, answer) {
  for (const key of ["added", "updated", "unchanged"]) result[key] += answer[key];
  result.left_out.push(...answer.left_out);
}

function lines(result) {
  const told = [];
  const came = [
    [result.added, "added"],
    [result.updated, "replaced by a new version"],
    [result.unchanged, "already here"],
  ].filter(([count]) => count);
  if (result.problem) told.push(paragraph("notice notice-error", result.problem));
  if (came.length) {
    told.push(paragraph("upload-came", came.map(([count, word]) => `${files(count)} ${word}`).join(", ") + "."));
  }
  if (result.left_out.length) told.push(leftOutNotice(result.left_out));
  return told;
}

function leftOutNotice(leftOut) {
  const notice = document.createElement("details");
  notice.className = "notice notice-warning upload-left-out";
  notice.open = leftOut.length <= NAMED_LEFT_OUT;
  const summary = document.createElement("summary");
  summary.textContent = `${files(leftOut.length)} ${leftOut.length === 1 ? "was" : "were"} left out`;
  const list = document.createElement("ul");
  for (const { name, reason } of leftOut) list.append(item(`${name}: ${reason}`));
  notice.append(summary, list);
  return notice;
}

function files(count) {
  return `${count.toLocaleString()} file${count === 1 ? "" : "s"}`;
}

function paragraph(className, text) {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}

function item(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}
