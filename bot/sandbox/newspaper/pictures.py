"""Draws the newspaper's illustrations: flat landscapes, streets and charts as PNG, by seed.

Everything is drawn in columns, because hills, houses, waves and bars are all vertical runs: a run
is one slice assignment, so a picture takes milliseconds without any imaging library. At the end
the columns are turned into rows by strided slices and packed as an indexed PNG (PNG
specification, third edition: IHDR, PLTE, IDAT, IEND).
"""

import math
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from random import Random

WIDTH, HEIGHT = 800, 450
Colour = tuple[int, int, int]

# Sky top, sky bottom, far, middle, near, accent, light.
_MOODS: tuple[tuple[Colour, ...], ...] = (
    ((38, 70, 110), (245, 190, 140), (92, 104, 138), (62, 76, 110), (36, 46, 72), (230, 96, 70),
     (255, 236, 190)),
    ((120, 180, 220), (232, 243, 248), (150, 186, 176), (98, 150, 128), (52, 104, 92),
     (240, 130, 60), (255, 250, 220)),
    ((18, 24, 52), (70, 84, 140), (48, 58, 104), (34, 42, 80), (20, 26, 54), (246, 200, 80),
     (250, 244, 214)),
    ((196, 214, 230), (246, 246, 242), (176, 192, 206), (136, 158, 180), (84, 108, 134),
     (196, 72, 72), (255, 255, 255)),
    ((250, 214, 160), (255, 244, 222), (222, 164, 120), (186, 118, 90), (122, 74, 66),
     (40, 110, 120), (255, 252, 240)),
    ((34, 110, 120), (196, 230, 214), (86, 154, 150), (48, 118, 118), (24, 78, 84),
     (250, 176, 92), (248, 250, 226)),
    ((92, 64, 110), (250, 178, 164), (150, 104, 142), (112, 76, 120), (66, 46, 84),
     (252, 214, 120), (255, 238, 214)),
)  # fmt: skip
_SKY = 48
_FAR, _MIDDLE, _NEAR, _ACCENT, _LIGHT, _SHADE = range(_SKY, _SKY + 6)


class _Canvas:
    """Columns of palette indexes, sky at first."""

    def __init__(self) -> None:
        sky = bytes(min(_SKY - 1, y * _SKY // HEIGHT) for y in range(HEIGHT))
        self.cells = bytearray(sky * WIDTH)

    def run(self, x: int, top: float, bottom: float, colour: int) -> None:
        """Fills column `x` from `top` (included) to `bottom` (not included)."""
        if 0 <= x < WIDTH:
            y0, y1 = max(0, int(top)), min(HEIGHT, int(bottom))
            if y1 > y0:
                start = x * HEIGHT
                self.cells[start + y0 : start + y1] = bytes((colour,)) * (y1 - y0)

    def box(self, left: float, top: float, width: float, height: float, colour: int) -> None:
        for x in range(int(left), int(left + width)):
            self.run(x, top, top + height, colour)

    def disc(self, cx: float, cy: float, radius: float, colour: int) -> None:
        for x in range(int(cx - radius), int(cx + radius) + 1):
            half = math.sqrt(max(0.0, radius * radius - (x - cx) ** 2))
            self.run(x, cy - half, cy + half, colour)

    def ground(self, line: Callable[[int], float], colour: int) -> None:
        """Fills everything below a line."""
        for x in range(WIDTH):
            self.run(x, line(x), HEIGHT, colour)

    def stroke(self, line: Callable[[int], float], thickness: int, colour: int) -> None:
        for x in range(WIDTH):
            y = line(x)
            self.run(x, y, y + thickness, colour)


def _wave(rng: Random, base: float, height: float, length: float) -> Callable[[int], float]:
    phases = [rng.uniform(0, 6.28) for _ in range(3)]

    def line(x: int) -> float:
        t = x / length
        return (
            base
            - height * math.sin(t + phases[0])
            - height * 0.5 * math.sin(2.3 * t + phases[1])
            - height * 0.2 * math.sin(5.1 * t + phases[2])
        )

    return line


def _sun(canvas: _Canvas, rng: Random) -> None:
    canvas.disc(rng.randint(120, 680), rng.randint(70, 170), rng.randint(26, 52), _LIGHT)


def _hills(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    for colour, base, height in ((_FAR, 270, 46), (_MIDDLE, 330, 34), (_NEAR, 395, 22)):
        canvas.ground(_wave(rng, base, height, rng.uniform(80, 170)), colour)


def _forest(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    canvas.ground(_wave(rng, 290, 26, 150), _FAR)
    for colour, base, tall in ((_MIDDLE, 385, 120), (_NEAR, 440, 165)):
        x = -30
        while x < WIDTH + 30:
            width, height = rng.randint(26, 48), tall * rng.uniform(0.65, 1.0)
            for tier in range(3):
                spread = width * (0.55 + 0.28 * tier)
                peak, foot = base - height * (1 - 0.26 * tier), base - height * (0.5 - 0.25 * tier)
                for step in range(int(spread) + 1):
                    slope = abs(step - spread / 2) / (spread / 2)
                    canvas.run(
                        int(x + step - spread / 2), peak + (foot - peak) * slope, foot, colour
                    )
            canvas.box(x - 3, base, 6, 40, colour)
            x += rng.randint(24, 52)
    canvas.box(0, 432, WIDTH, 18, _SHADE)


def _city(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    for colour, low, high in ((_FAR, 90, 210), (_MIDDLE, 70, 170), (_NEAR, 40, 110)):
        x = -rng.randint(0, 30)
        while x < WIDTH:
            width, height = rng.randint(44, 96), rng.randint(low, high)
            top = 420 - height
            canvas.box(x, top, width, height + 30, colour)
            if rng.random() < 0.3:
                canvas.box(x + width / 2 - 2, top - 28, 4, 28, colour)
            for wx in range(x + 8, x + width - 10, 15):
                for wy in range(top + 10, 408, 19):
                    if rng.random() < 0.34:
                        canvas.box(wx, wy, 7, 10, _LIGHT if rng.random() < 0.8 else _ACCENT)
            x += width + rng.randint(-6, 14)
    canvas.box(0, 424, WIDTH, 26, _SHADE)


def _sea(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    canvas.ground(lambda _x: 262, _FAR)
    left, deck = rng.randint(120, 460), 262
    for step in range(190):
        canvas.run(left + step, deck - 26, deck + 16 - max(0, step - 160) * 0.9, _SHADE)
    canvas.box(left + 24, deck - 62, 62, 36, _LIGHT)
    canvas.box(left + 40, deck - 92, 18, 30, _ACCENT)
    for crate in range(3):
        colour = (_ACCENT, _MIDDLE, _NEAR)[crate]
        canvas.box(left + 98 + crate * 24, deck - 46, 21, 20, colour)
    for number, colour in enumerate((_FAR, _MIDDLE, _MIDDLE, _NEAR)):
        line = _wave(rng, 292 + number * 40, 5 + number * 2, 18 + number * 9)
        canvas.ground(line, colour)
        canvas.stroke(line, 2, _LIGHT if number % 2 == 0 else _FAR)


def _bridge(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    canvas.ground(_wave(rng, 285, 30, 130), _FAR)
    canvas.ground(_wave(rng, 345, 3, 40), _MIDDLE)
    towers = (rng.randint(190, 260), rng.randint(540, 610))

    def cable(x: int) -> float:
        middle, half = sum(towers) / 2, (towers[1] - towers[0]) / 2
        if towers[0] <= x <= towers[1]:
            return 300 - 150 * ((x - middle) / half) ** 2
        near = towers[0] if x < towers[0] else towers[1]
        return min(310.0, 150 + abs(x - near) * 0.85)

    for x in range(0, WIDTH, 16):
        canvas.box(x, cable(x), 2, 312 - cable(x), _SHADE)
    canvas.stroke(cable, 5, _SHADE)
    for tower in towers:
        canvas.box(tower - 9, 138, 18, 240, _NEAR)
    canvas.box(0, 308, WIDTH, 15, _NEAR)
    for _ in range(9):
        canvas.box(rng.randint(0, 770), 298, 22, 10, rng.choice((_ACCENT, _LIGHT, _SHADE)))
    for number in range(3):
        canvas.ground(_wave(rng, 385 + number * 22, 4, 24), (_MIDDLE, _NEAR, _SHADE)[number])


def _chart(canvas: _Canvas, rng: Random) -> None:
    for y in range(60, 420, 60):
        canvas.box(60, y, 690, 1, _FAR)
    rising = rng.random() < 0.6
    value = rng.uniform(60, 140) if rising else rng.uniform(250, 310)
    low, high = (-34, 52) if rising else (-52, 34)
    points: list[float] = []
    for number in range(14):
        value = max(40.0, min(310.0, value + rng.uniform(low, high)))
        colour = _ACCENT if number == 13 else (_MIDDLE if number % 2 else _NEAR)
        canvas.box(72 + number * 48, 400 - value, 32, value, colour)
        points.append(400 - value - 24)
    for number in range(13):
        for step in range(48):
            level = points[number] + (points[number + 1] - points[number]) * step / 48
            canvas.run(88 + number * 48 + step, level - 2, level + 3, _SHADE)
    for number, level in enumerate(points):
        canvas.disc(88 + number * 48, level, 7, _ACCENT)
    canvas.box(60, 400, 690, 4, _SHADE)


def _stadium(canvas: _Canvas, rng: Random) -> None:
    for tier in range(6):
        y = 120 + tier * 24
        canvas.box(0, y, WIDTH, 24, (_FAR, _MIDDLE)[tier % 2])
        for x in range(6, WIDTH, 13):
            if rng.random() < 0.75:
                colour = rng.choice((_ACCENT, _LIGHT, _NEAR, _SHADE, _LIGHT))
                canvas.disc(x + rng.randint(-2, 2), y + 12, 4, colour)
    for number in range(8):
        canvas.box(number * 100, 264, 100, 186, (_NEAR, _MIDDLE)[number % 2])
    canvas.box(0, 264, WIDTH, 6, _LIGHT)
    canvas.box(396, 270, 6, 180, _LIGHT)
    canvas.disc(399, 366, 66, _LIGHT)
    canvas.disc(399, 366, 60, _MIDDLE)
    canvas.disc(rng.randint(180, 640), rng.randint(310, 420), 11, _LIGHT)
    for x in (70, 720):
        canvas.box(x, 20, 8, 250, _SHADE)
        canvas.box(x - 34, 16, 76, 30, _LIGHT)


def _orbits(canvas: _Canvas, rng: Random) -> None:
    cx, cy = rng.randint(330, 470), 225
    for _ in range(110):
        canvas.disc(rng.randint(0, WIDTH), rng.randint(0, HEIGHT), rng.choice((1, 1, 2)), _LIGHT)
    for ring, radius in enumerate((190, 140, 92)):
        stretch = rng.uniform(1.4, 1.8)
        for degree in range(360 * 3):
            angle = math.radians(degree / 3)
            x, y = cx + radius * stretch * math.cos(angle), cy + radius * 0.8 * math.sin(angle)
            canvas.run(int(x), y, y + 3, _FAR)
        angle = rng.uniform(0, 6.28)
        x, y = cx + radius * stretch * math.cos(angle), cy + radius * 0.8 * math.sin(angle)
        canvas.disc(x, y, 12 + 5 * ring, (_ACCENT, _MIDDLE, _NEAR)[ring])
    canvas.disc(cx, cy, 46, _ACCENT)
    canvas.disc(cx - 8, cy - 8, 30, _LIGHT)


def _stage(canvas: _Canvas, rng: Random) -> None:
    canvas.box(0, 0, WIDTH, HEIGHT, _SHADE)
    for lamp in (170, 400, 630):
        lean = rng.randint(-60, 60)
        for step in range(-90, 91):
            canvas.run(lamp + lean * abs(step) // 90 + step, 20 + abs(step) * 3.9, 378, _MIDDLE)
        canvas.disc(lamp, 18, 15, _LIGHT)
    canvas.box(0, 378, WIDTH, 72, _NEAR)
    for figure in range(rng.randint(3, 5)):
        x = 190 + figure * 105 + rng.randint(-14, 14)
        colour = rng.choice((_ACCENT, _FAR, _LIGHT, _MIDDLE))
        canvas.disc(x, 268, 17, _LIGHT)
        for step in range(-26, 27):
            canvas.run(x + step, 288 + abs(step) * 1.3, 392, colour)
    for side in (0, 1):
        for fold in range(9):
            x = fold * 15 if side == 0 else WIDTH - 15 - fold * 15
            canvas.box(x, 0, 15, 450 - fold * 13, _ACCENT if fold % 2 else _MIDDLE)


def _books(canvas: _Canvas, rng: Random) -> None:
    canvas.box(0, 0, WIDTH, HEIGHT, _NEAR)
    for shelf in (20, 165, 310):
        canvas.box(20, shelf, 760, 122, _SHADE)
        x = 28
        while x < 740:
            width, height = rng.randint(14, 34), rng.randint(74, 114)
            colour = rng.choice((_ACCENT, _FAR, _MIDDLE, _LIGHT, 6, 20, 34))
            canvas.box(x, shelf + 122 - height, width - 2, height, colour)
            canvas.box(x + 3, shelf + 134 - height, width - 8, 5, _SHADE)
            x += width if rng.random() < 0.93 else width + 40
        canvas.box(10, shelf + 122, 780, 12, _FAR)


def _road(canvas: _Canvas, rng: Random) -> None:
    _sun(canvas, rng)
    canvas.ground(_wave(rng, 235, 26, 120), _FAR)
    canvas.ground(lambda _x: 265, _MIDDLE)
    bend = rng.uniform(-80, 80)
    for y in range(265, HEIGHT):
        depth = (y - 265) / 185
        middle, half = 400 + bend * (1 - depth) ** 2, 12 + 300 * depth
        for x in range(int(middle - half), int(middle + half)):
            canvas.run(x, y, y + 1, _SHADE)
        if int(18 / (0.09 + depth)) % 4 < 2:
            for x in range(int(middle - 1 - 7 * depth), int(middle + 2 + 7 * depth)):
                canvas.run(x, y, y + 1, _LIGHT)
    for post in range(6):
        depth = (post + 1) ** 2 / 36
        side = 400 + bend * (1 - depth) ** 2 + 24 + 330 * depth
        tall, foot = 30 + 150 * depth, 265 + 185 * depth
        canvas.box(side, foot - tall, 2 + 6 * depth, tall, _NEAR)
        canvas.disc(side, foot - tall, 3 + 8 * depth, _ACCENT)


def _snow(canvas: _Canvas, rng: Random) -> None:
    _hills(canvas, rng)
    canvas.ground(_wave(rng, 400, 14, 140), _LIGHT)
    for number in range(4):
        x, y = 90 + number * 190 + rng.randint(-30, 30), rng.randint(330, 356)
        canvas.box(x, y, 74, 62, _NEAR)
        for step in range(96):
            canvas.run(x - 11 + step, y - 40 + abs(step - 48) * 0.85, y + 2, _LIGHT)
        canvas.box(x + 16, y + 18, 18, 20, _ACCENT)
        canvas.box(x + 46, y + 20, 16, 42, _SHADE)
    for _ in range(230):
        canvas.disc(rng.randint(0, WIDTH), rng.randint(0, HEIGHT), rng.choice((1, 2, 2, 3)), _LIGHT)


_SCENES: dict[str, Callable[[_Canvas, Random], None]] = {
    "hills": _hills,
    "forest": _forest,
    "city": _city,
    "sea": _sea,
    "bridge": _bridge,
    "chart": _chart,
    "stadium": _stadium,
    "orbits": _orbits,
    "stage": _stage,
    "books": _books,
    "road": _road,
    "snow": _snow,
}
SCENES = tuple(_SCENES)


@lru_cache(maxsize=256)
def draw(scene: str, seed: int) -> bytes:
    """A PNG of 800 × 450 pixels; the same scene and seed always give the same bytes.

    Raises KeyError for a scene that is not in `SCENES`.
    """
    rng = Random(f"{scene}-{seed}")  # noqa: S311 - a drawing, not a secret
    mood = _MOODS[rng.randrange(len(_MOODS))]
    canvas = _Canvas()
    _SCENES[scene](canvas, rng)
    return _png(canvas.cells, mood)


def _png(columns: bytearray, mood: tuple[Colour, ...]) -> bytes:
    top, bottom = mood[0], mood[1]
    palette = bytearray()
    for step in range(_SKY):
        share = step / (_SKY - 1)
        palette += bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
    for colour in mood[2:]:
        palette += bytes(colour)
    palette += bytes(part * 6 // 10 for part in mood[4])
    rows = b"".join(b"\0" + columns[y::HEIGHT] for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(palette)),
            _chunk(b"IDAT", zlib.compress(rows, 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
