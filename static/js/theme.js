// Sets light or dark before the first paint: the person's choice if there is one, else the system's.
// Classic script in the head on purpose: a module would run after the page is drawn.
{
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = localStorage.getItem("theme");
    // Django's admin keeps its choice under the same name, and knows "auto" too.
    const isChosen = choice === "light" || choice === "dark";
    document.documentElement.dataset.theme = isChosen ? choice : prefersDark.matches ? "dark" : "light";
  };
  apply();
  prefersDark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("inglenook:theme", apply);
}
