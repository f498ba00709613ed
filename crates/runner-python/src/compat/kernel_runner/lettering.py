"""Letters made of strokes, for text on a canvas that has only lines."""

import unicodedata

# A stroke is a row of points of two digits each: to the right, and up. Letters stand on 2; capitals reach up to 8.
GLYPHS = {
    " ": "", "!": "0804 0202", '"': "0806 1816", "#": "1812 3832 0646 0444", "$": "473818070615354443321203 2921",
    "%": "0248 0818170708 3343423233", "&": "420718270403122244", "'": "0806", "(": "18070312", ")": "08171302",
    "*": "2824 0745 0547", "+": "0545 2723", ",": "1301", "-": "0535", ".": "0202", "/": "0238", ":": "0202 0606",
    ";": "0606 1301", "<": "370533", "=": "0646 0444", ">": "073503", "?": "07182837362524 2222",
    "@": "34242636344447381807031232", "[": "18080212", "\\": "0832", "]": "08181202", "^": "062846", "_": "0141",
    "`": "0817", "{": "28171605141322", "|": "0901", "}": "08171625141302", "~": "04152435",
    "0": "180703122233372818", "1": "071812", "2": "07182837360232", "3": "07182837362515 25343322 1203",
    "4": "22280434", "5": "380805253633221203", "6": "372818070312223334251504", "7": "083812",
    "8": "180706152536372818 1504031222333425", "9": "031222333728180706152536",
    "A": "022842 1535", "B": "02083847463505 3544433202", "C": "4738180703123243", "D": "02082846442202",
    "E": "48080242 0535", "F": "480802 0535", "G": "47381807031232434525", "H": "0802 4842 0545", "I": "0802",
    "J": "3833221203", "K": "0802 4804 1542", "L": "080242", "M": "0208254842", "N": "02084248",
    "O": "180703123243473818", "P": "02083847453404", "Q": "180703123243473818 2442", "R": "02083847453404 2442",
    "S": "473818070615354443321203", "T": "0848 2822", "U": "080312324348", "V": "082248", "W": "0812263248",
    "X": "0842 0248", "Y": "082548 2522", "Z": "08480242",
    "a": "3632 3526160503122233", "b": "0802 0516263533221203", "c": "3526160503122233", "d": "3832 3526160503122233",
    "e": "04343526160503122233", "f": "281712 0626", "g": "3631201001 3526160503122233", "h": "0802 0516263532",
    "i": "0602 0808", "j": "161100 1818", "k": "0802 3604 1532", "l": "0802", "m": "0602 05162522 25364542",
    "n": "0602 0516263532", "o": "160503122233352616", "p": "0600 0516263533221203", "q": "3630 3526160503122233",
    "r": "0602 051626", "s": "35261605142433221203", "t": "181322 0626", "u": "0603122233 3632", "v": "062246",
    "w": "0612253246", "x": "0632 0236", "y": "0622 4610", "z": "06360232",
}
UNKNOWN = "0838320208"

# In parts of the font's size: a unit to the right and one upwards, the space between two letters, a space, a line,
# and how thick a stroke is.
ACROSS, UP, GAP, SPACE, LINE, STROKE, BOLD = 0.105, 0.12, 0.16, 0.3, 1.2, 0.08, 0.13
SLANT = 0.2
PIXELS_PER_POINT = 96 / 72


class Text:
    """Lines of text in a font of tkinter's: a family, which is not minded, the size and styles."""

    def __init__(self, text, font, anchor):
        words = font.split() if isinstance(font, str) else [str(part) for part in font or ()]
        sizes = [float(word) for word in words if is_number(word)]
        size = sizes[0] if sizes and sizes[0] else 8
        # Sizes below 0 are in pixels.
        self.size = size * PIXELS_PER_POINT if size > 0 else -size
        styles = " ".join(words).lower()
        self.thickness = max(1, self.size * (BOLD if "bold" in styles else STROKE))
        self.slant = SLANT if "italic" in styles else 0
        self.lines = [glyphs(line) for line in str(text).split("\n")]
        self.anchor = anchor
        self.width = self.size * max(width(line) for line in self.lines)
        self.height = self.size * LINE * len(self.lines)

    def corner(self, x, y):
        """The upper left corner of the text whose anchor is at this place."""
        left = x if "w" in self.anchor else x - self.width if "e" in self.anchor else x - self.width / 2
        top = y if "n" in self.anchor else y - self.height if "s" in self.anchor else y - self.height / 2
        return left, top

    def strokes(self, x, y):
        """The strokes, each a list of points, of the text whose anchor is at this place."""
        left, top = self.corner(x, y)
        for line in self.lines:
            pen = left
            top += LINE * self.size
            for glyph in line:
                for stroke in glyph:
                    yield [(pen + (across * ACROSS + up * UP * self.slant) * self.size, top - up * UP * self.size)
                           for across, up in stroke]
                pen += advance(glyph) * self.size


def is_number(word):
    try:
        return float(word) == float(word)
    except ValueError:
        return False


def glyphs(line):
    """The strokes of each letter. Accents are left out, and what is no letter of ours is a box."""
    return [[points(stroke) for stroke in strokes.split()] for letter in line for strokes in known(letter)]


def known(letter):
    return [GLYPHS[part] for part in unicodedata.normalize("NFKD", letter) if part in GLYPHS] or [UNKNOWN]


def points(stroke):
    return [(int(stroke[start]), int(stroke[start + 1])) for start in range(0, len(stroke), 2)]


def advance(glyph):
    if not glyph:
        return SPACE
    return max(across for stroke in glyph for across, _ in stroke) * ACROSS + GAP


def width(line):
    return sum(advance(glyph) for glyph in line)
