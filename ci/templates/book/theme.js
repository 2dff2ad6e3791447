// Dark colours where the system asks for them, until the reader chooses; a choice holds on each page.
{
  const KEY = "theme";
  const dark = document.querySelector("head > style[media]");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {} // a browser may refuse to store anything
  const isDark = () => (chosen ? chosen === "dark" : system.matches);
  const show = () => {
    dark.media = isDark() ? "screen" : "not all"; // paper stays white
  };
  show();

  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("body > header button");
    const press = () => {
      show();
      button.setAttribute("aria-pressed", isDark());
    };
    button.hidden = false;
    press();
    system.addEventListener("change", press);
    button.addEventListener("click", () => {
      chosen = isDark() ? "light" : "dark";
      press();
      try {
        localStorage.setItem(KEY, chosen);
      } catch {}
    });
  });
}
