// Shows on the button which collections are ticked. Saving them is htmx's part, or the form's on a new conversation.
document.addEventListener("change", (event) => {
  const picker = event.target.closest(".picker");
  const label = picker?.querySelector("[data-ticked-label]");
  if (!label) return;
  const names = [...picker.querySelectorAll("input:checked")].map((box) => box.parentElement.querySelector(".picker-name").textContent);
  label.textContent = names.length > 1 ? `${names[0]} +${names.length - 1}` : (names[0] ?? "Documents");
  label.classList.toggle("picker-label-on", names.length > 0);
});
