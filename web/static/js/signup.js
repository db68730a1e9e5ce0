// The sign-up card proposes the browser's own zone and the currency paid there, and says them in words.
const place = document.querySelector("[data-zone-currencies]");
const [locale, zone, currency] = ["locale", "time_zone", "currency"].map((name) => document.getElementById(name));

function say() {
  const words = [locale, zone, currency].map((field) => field.selectedOptions[0]?.textContent ?? "");
  document.querySelector("[data-place-words]").textContent = words.join(" · ");
}

if (place && zone) {
  const currencies = JSON.parse(place.dataset.zoneCurrencies);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const follow = () => {
    const paid = currencies[zone.value];
    if (paid && [...currency.options].some((option) => option.value === paid)) currency.value = paid;
  };
  if (!("kept" in place.dataset) && here && (here.includes("/") || here === "UTC")) {
    if (![...zone.options].some((option) => option.value === here)) zone.add(new Option(here, here));
    zone.value = here;
    follow();
  }
  zone.addEventListener("change", follow);
  for (const field of [locale, zone, currency]) field.addEventListener("change", say);
  say();
}
