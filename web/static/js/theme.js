// The person's choice of theme: a cookie that the server reads, so the next page comes without a flash.
const year = 31536000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const choice = button.dataset.themeChoice;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (choice) {
    document.documentElement.dataset.theme = choice;
    document.cookie = `theme=${choice}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
  } else {
    delete document.documentElement.dataset.theme;
    document.cookie = `theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  }
  document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", choice || "light dark");
  document.querySelectorAll("[data-theme-choice]").forEach((other) => {
    other.setAttribute("aria-pressed", String(other.dataset.themeChoice === choice));
  });
});
