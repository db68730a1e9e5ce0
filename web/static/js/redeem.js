// Redeeming: the code grouped while it is typed, how much is missing said, and the camera.
const alphabet = /[^0-9A-Z]/g;

function plain(text) {
  return text.toUpperCase().replace(alphabet, "");
}

function group(input) {
  // a hand scanner types the whole text of a QR: it is sent as it is
  if (input.value.includes(":")) return;
  const symbols = plain(input.value).slice(0, 8);
  const shown = symbols.length > 4 ? `${symbols.slice(0, 4)}-${symbols.slice(4)}` : symbols;
  if (input.value !== shown) {
    const atEnd = input.selectionStart === input.value.length;
    input.value = shown;
    if (atEnd) input.setSelectionRange(shown.length, shown.length);
  }
  const words = input.form.querySelector("[data-code-left]");
  if (!words) return;
  const left = 8 - symbols.length;
  words.textContent = !symbols.length ? "" : left === 0 ? words.dataset.wordAll : (left === 1 ? words.dataset.wordOne : words.dataset.wordMany).replace("%s", left);
}
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-booking-code]")) group(event.target);
});

// The camera: the browser's own detector where it has one, else zxing compiled to WebAssembly.
async function detector(box) {
  if ("BarcodeDetector" in window) {
    try {
      if ((await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
        const native = new BarcodeDetector({ formats: ["qr_code"] });
        return async (video) => (await native.detect(video))[0]?.rawValue ?? "";
      }
    } catch { /* then the other way */ }
  }
  await new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = box.dataset.reader;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
  await window.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => box.dataset.wasm }, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    context.drawImage(video, 0, 0);
    const found = await window.ZXingWASM.readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
    return found[0]?.text ?? "";
  };
}

const asleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function scan(box) {
  const video = box.querySelector("video");
  const words = box.querySelector("[data-scan-words]");
  const say = (name) => {
    words.textContent = words.dataset[name];
    box.dataset.state = name;
  };
  let camera;
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "NotSupportedError");
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    say(error.name === "NotAllowedError" ? "denied" : "none");
    return;
  }
  const stop = () => camera.getTracks().forEach((track) => track.stop());
  window.addEventListener("pagehide", stop);
  video.srcObject = camera;
  await video.play();
  let read;
  try {
    read = await detector(box);
  } catch {
    stop();
    say("none");
    return;
  }
  say("ready");
  const seen = new Map();
  for (;;) {
    if (video.readyState >= 2 && document.visibilityState === "visible") {
      const text = await read(video).catch(() => "");
      if (text && text !== box.dataset.refused && !seen.has(text)) {
        seen.set(text, true);
        say("found");
        stop();
        const form = document.getElementById(box.dataset.form);
        form.elements.code.value = text;
        form.elements.means.value = "qr";
        form.requestSubmit();
        return;
      }
    }
    await asleep(120);
  }
}
const box = document.querySelector("[data-scan]");
if (box) scan(box);
