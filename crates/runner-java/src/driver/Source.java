package kernelrunner.driver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The text of one query, and places in it. */
final class Source {
    /** The longest part of a line that is shown with a message. */
    private static final int WIDEST = 200;

    final String text;
    private final int number;

    Source(int number, String code) {
        this.number = number;
        String text = code.replace("\r\n", "\n");
        this.text = text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    /** The same with blanks from `start` to `end`. */
    Source blank(int start, int end) {
        String blanks = text.substring(start, end).replaceAll("[^\n]", " ");
        return new Source(number, text.substring(0, start) + blanks + text.substring(end));
    }

    /** The first place from `position` on that is neither blank nor in a comment; that of a comment without an end. */
    int skipBlanks(int position) {
        int place = position;
        while (place < text.length()) {
            if (text.startsWith("//", place)) {
                int end = text.indexOf('\n', place);
                place = end < 0 ? text.length() : end;
            } else if (text.startsWith("/*", place)) {
                int end = text.indexOf("*/", place + 2);
                if (end < 0) {
                    return place;
                }
                place = end + 2;
            } else if (Character.isWhitespace(text.charAt(place))) {
                place++;
            } else {
                return place;
            }
        }
        return place;
    }

    /** The line of a place, the first one being 1. */
    int line(int position) {
        return 1 + (int) text.substring(0, position).chars().filter(character -> character == '\n').count();
    }

    /** A line as the user reads it. */
    String name(int line) {
        return "<query " + number + ">:" + line;
    }

    /** What the compiler has to say about a place, as javac prints it: the line of the source and a caret below it. */
    String message(long position, String kind, String message) {
        int place = (int) Math.max(0, Math.min(position, text.length()));
        int end = text.indexOf('\n', place);
        int start = Math.max(text.lastIndexOf('\n', place - 1) + 1, place - WIDEST / 2);
        String line = text.substring(start, Math.min(end < 0 ? text.length() : end, start + WIDEST));
        String indent = line.substring(0, place - start).replaceAll("[^\t]", " ");
        List<String> lines = new ArrayList<>(Arrays.asList(message.split("\n")));
        lines.removeIf(detail -> detail.matches("\\s*location: class ?"));
        lines.set(0, name(line(place)) + ": " + kind + ": " + lines.get(0));
        lines.addAll(1, List.of(line, indent + "^"));
        return String.join("\n", lines);
    }
}
