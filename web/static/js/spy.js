// Tabs that lead to sections of the page: the one being read is the current one.
function watch(tabs) {
  const links = [...tabs.querySelectorAll("a[href^='#']")];
  const places = links.map((link) => document.getElementById(link.hash.slice(1))).filter(Boolean);
  const mark = () => {
    const line = innerHeight / 3;
    const passed = places.filter((place) => place.getBoundingClientRect().top <= line);
    const current = passed.at(-1) ?? places[0];
    links.forEach((link) => {
      if (link.hash === `#${current.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  if (places.length) addEventListener("scroll", mark, { passive: true });
}
document.querySelectorAll("[data-spy]").forEach(watch);
