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

/** Answers completions beside the code that runs. */
final class Completer {
    private static final int MOST = 1000;
    /** In seconds; the runner waits for five. */
    private static final int PATIENCE = 2;
    private static final String NAME = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
    private static final Pattern TOKEN = Pattern.compile("(?:" + NAME + "\\s*\\.\\s*)*(?:" + NAME + ")?$");
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
                String before = Frame.read(reader).text(0);
                try {
                    engine.tryWithCompiler(PATIENCE, () -> complete(before, found));
                } catch (Throwable error) {
                    // The compiler makes nothing of it.
                }
                writer.write(Frame.of("completion", found.stream().limit(MOST).toList()).encode());
            }
        } catch (IOException end) {
            // The runner is gone.
        }
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
