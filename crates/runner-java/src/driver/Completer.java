package kernelrunner.driver;

import java.io.DataInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jdk.jshell.JShell;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.SourceCodeAnalysis.Suggestion;

/** Answers, beside the code that runs, what completes code and whether it is complete. */
final class Completer {
    private static final int MOST = 1000;
    /** In seconds; the runner waits for five. */
    private static final int PATIENCE = 2;
    private static final String NAME = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
    private static final Pattern TOKEN = Pattern.compile("(?:" + NAME + "\\s*\\.\\s*)*(?:" + NAME + ")?$");
    private static final Pattern ANNOTATIONS = Pattern.compile("\\s*(?:@[\\w.]+\\s*(?:\\([^()]*\\)\\s*)?)+");
    private static final List<String> KEYWORDS = List.of(
        "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "continue", "default", "do",
        "double", "else", "enum", "extends", "false", "final", "finally", "float", "for", "if", "implements", "import",
        "instanceof", "int", "interface", "long", "native", "new", "null", "private", "protected", "public", "record",
        "return", "sealed", "short", "static", "super", "switch", "synchronized", "this", "throw", "throws",
        "transient", "true", "try", "var", "void", "volatile", "while", "yield");

    /** Those of the platform, which jshell does not complete. */
    private static final List<String> PACKAGES = ModuleLayer.boot().modules().stream()
        .flatMap(module -> module.getDescriptor().exports().stream())
        .filter(exported -> !exported.isQualified())
        .map(exported -> exported.source() + ".")
        .sorted()
        .toList();

    private final DataInputStream reader = Link.open(5);
    private final FileOutputStream writer = Link.openToWrite(6);
    private final SourceCodeAnalysis analysis;
    private final Engine engine;

    Completer(JShell shell, Engine engine) {
        analysis = shell.sourceCodeAnalysis();
        this.engine = engine;
    }

    void serve() {
        try {
            while (true) {
                Set<String> found = new LinkedHashSet<>();
                Frame frame = Frame.read(reader);
                String code = frame.text(0);
                boolean isCheck = frame.kind().equals("check");
                try {
                    engine.tryWithCompiler(PATIENCE, () -> {
                        if (isCheck) {
                            found.add(completeness(code));
                        } else {
                            complete(code, found);
                        }
                    });
                } catch (Throwable error) {
                    // The compiler makes nothing of it.
                }
                String kind = isCheck ? "checked" : "completion";
                writer.write(Frame.of(kind, found.stream().limit(MOST).toList()).encode());
            }
        } catch (IOException end) {
            // The runner is gone.
        }
    }

    /** Whether code is complete, as jshell sees it. A last semicolon may be missing. */
    private String completeness(String code) {
        String rest = Snippets.PACKAGE.matcher(code).replaceFirst("");
        while (!ANNOTATIONS.matcher(rest).matches()) {
            CompletionInfo next = analysis.analyzeCompletion(rest);
            switch (next.completeness()) {
                case COMPLETE, COMPLETE_WITH_SEMI -> rest = next.remaining();
                case EMPTY -> {
                    return rest.contains("/*") && !rest.contains("*/") ? "incomplete" : "complete";
                }
                case UNKNOWN -> {
                    return Snippets.EXIT.matcher(code).matches() ? "complete" : "invalid";
                }
                default -> {
                    return "incomplete";
                }
            }
        }
        return "incomplete";
    }

    /**
     * Completes the end of a cell. Several statements together know the variables that they declare, but declarations
     * of methods before them are in the way: one snippet after another is left out until there is an answer.
     */
    private void complete(String before, Set<String> found) {
        Matcher matcher = TOKEN.matcher(before);
        String token = matcher.find() ? matcher.group() : "";
        found.addAll(complete(before, token));
        CompletionInfo next = analysis.analyzeCompletion(before);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (found.isEmpty() && System.nanoTime() < end
                && next.completeness().isComplete() && !next.remaining().isBlank()) {
            found.addAll(complete(next.remaining(), token));
            next = analysis.analyzeCompletion(next.remaining());
        }
        if (token.contains(".")) {
            PACKAGES.stream()
                .filter(name -> name.startsWith(token) && name.length() > token.length())
                .map(name -> name.substring(0, name.indexOf('.', token.length())))
                .forEach(found::add);
        } else if (!token.isEmpty()) {
            KEYWORDS.stream().filter(keyword -> keyword.startsWith(token)).forEach(found::add);
        }
    }

    private Set<String> complete(String code, String token) {
        int[] anchor = {-1};
        List<Suggestion> suggestions = analysis.completionSuggestions(code, code.length(), anchor);
        // Suggestions continue the text from the anchor on; what of the token is before it is a part of each of them.
        int kept = token.length() - (code.length() - anchor[0]);
        if (suggestions.isEmpty() || kept < 0) {
            return Set.of();
        }
        return suggestions.stream()
            .map(suggestion -> token.substring(0, kept) + suggestion.continuation())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
