// A picture without a camera: drawn in the page and sent as it is drawn.

const WIDTH = 1280;
const HEIGHT = 720;
const FPS = 30;
const BALLS = 7;

/** A media stream of a moving picture with a clock. It stops with its track. */
export function drawing() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  const media = canvas.captureStream(FPS);
  const [track] = media.getVideoTracks();
  const began = performance.now();
  // Not by animation frames: those pause in a hidden tab, but the viewers still watch.
  const timer = setInterval(() => {
    if (track.readyState === "ended") clearInterval(timer);
    else draw(pen, (performance.now() - began) / 1000);
  }, 1000 / FPS);
  draw(pen, 0);
  return media;
}

function draw(pen, seconds) {
  const hue = (220 + seconds * 6) % 360;
  const ground = pen.createLinearGradient(0, 0, WIDTH, HEIGHT);
  ground.addColorStop(0, `hsl(${hue} 60% 16%)`);
  ground.addColorStop(1, `hsl(${hue + 70} 65% 34%)`);
  pen.fillStyle = ground;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  for (let ball = 0; ball < BALLS; ball += 1) {
    const angle = seconds * (0.3 + ball * 0.06) + ball * 2.4;
    pen.fillStyle = `hsl(${hue + 30 * ball} 80% 65% / 35%)`;
    pen.beginPath();
    pen.arc(WIDTH / 2 + Math.cos(angle) * (180 + 60 * ball), HEIGHT / 2 + Math.sin(angle * 1.3) * 240, 40 + 12 * ball, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.fillStyle = "#fff";
  pen.textAlign = "center";
  pen.font = "600 150px system-ui, sans-serif";
  pen.fillText(new Date().toLocaleTimeString("en", { hour12: false }), WIDTH / 2, HEIGHT / 2 + 30);
  pen.font = "400 36px system-ui, sans-serif";
  pen.fillText("drawn in this browser", WIDTH / 2, HEIGHT / 2 + 100);
}
