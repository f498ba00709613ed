package kernelrunner.driver;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.UnresolvedReferenceException;
import jdk.jshell.VarSnippet;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/** Runs queries that are no whole programs: statements, expressions and declarations, one after another. */
final class Snippets {
    /** Those of jshell, and ours. */
    private static final List<String> IMPORTS = List.of(
        "java.io.*", "java.math.*", "java.net.*", "java.nio.file.*", "java.util.*", "java.util.concurrent.*",
        "java.util.function.*", "java.util.prefs.*", "java.util.regex.*", "java.util.stream.*",
        "static kernelrunner.Display.display");

    static final Pattern EXIT = Pattern.compile("\\s*/exit(?:\\s+(\\d{1,3}))?\\s*");
    static final Pattern PACKAGE = Pattern.compile("package\\s+[\\w.]+\\s*;");
    /** How jshell's classes look in messages of the virtual machine. */
    private static final Pattern WRAPPER = Pattern.compile("REPL\\.\\$JShell\\$\\w+[.$]");

    /** What the compiler says of a string that a class file cannot hold. Afterwards it says that of everything. */
    private static final String OVERFLOW = "compiler.err.limit.string";

    final JShell shell;
    private final SourceCodeAnalysis analysis;
    private final Engine engine;
    private final Interrupts interrupts;
    private final Output output;
    private final String library;
    private final Map<String, Origin> origins = new HashMap<>();
    private int values;

    Snippets(Engine engine, Interrupts interrupts, Output output, String library) {
        this.engine = engine;
        this.interrupts = interrupts;
        this.output = output;
        shell = JShell.builder()
            .executionEngine(new Provider(engine), Map.of())
            .tempVariableNameGenerator(() -> "$" + ++values)
            .build();
        analysis = shell.sourceCodeAnalysis();
        engine.enterCompiler();
        this.library = library;
        shell.addToClasspath(library);
        String classPath = System.getenv("CLASSPATH");
        if (classPath != null) {
            List.of(classPath.split(File.pathSeparator)).forEach(shell::addToClasspath);
        }
        IMPORTS.forEach(name -> shell.eval("import " + name + ";"));
        // The first statement takes long, and this one is nobody's.
        shell.eval("{ }").forEach(event -> shell.drop(event.snippet()));
        engine.leaveCompiler();
    }

    /** Where a snippet stands in its query. */
    private record Origin(Source source, int position) {
    }

    private record Provider(Engine engine) implements ExecutionControlProvider {
        @Override
        public String name() {
            return "kernel-runner";
        }

        @Override
        public ExecutionControl generate(ExecutionEnv environment, Map<String, String> parameters) {
            return engine;
        }
    }

    /** Runs one query and returns its exit code. */
    int run(Source source) throws Exception {
        Matcher exit = EXIT.matcher(source.text);
        if (exit.matches()) {
            System.exit(exit.group(1) == null ? Driver.SUCCESS : Integer.parseInt(exit.group(1)));
        }
        engine.beginQuery();
        engine.enterCompiler();
        try {
            return runAll(withoutPackage(source));
        } finally {
            engine.leaveCompiler();
        }
    }

    private int runAll(Source source) throws Exception {
        Set<Snippet> declared = new LinkedHashSet<>();
        SnippetEvent last = null;
        String rest = source.text;
        while (!interrupts.isPending()) {
            int position = source.text.length() - rest.length();
            int start = source.skipBlanks(position);
            if (start == source.text.length()) {
                break;
            }
            if (source.text.startsWith("/*", start)) {
                return reject(source, start, "unclosed comment");
            }
            CompletionInfo next = analysis.analyzeCompletion(rest);
            if (!next.completeness().isComplete() && isUnclosed(rest)) {
                return reject(source, position + rest.lastIndexOf("/*"), "unclosed comment");
            }
            // What is not complete never will be: its evaluation says what is missing.
            String piece = next.completeness().isComplete() ? next.source() : rest;
            // jshell counts lines from the first one that is not empty.
            String snippet = piece.stripLeading();
            position += piece.length() - snippet.length();
            rest = next.completeness().isComplete() ? next.remaining() : "";
            for (SnippetEvent event : shell.eval(snippet)) {
                if (event.causeSnippet() == null) {
                    origins.put(event.snippet().id(), new Origin(source, position));
                    if (!succeeds(event)) {
                        return Driver.FAILURE;
                    }
                    declared.add(event.snippet());
                    last = event;
                } else if (event.snippet() instanceof VarSnippet variable && event.isSignatureChange()) {
                    output.printError("note: " + variable.name() + " is null again: its type has been replaced");
                }
            }
        }
        if (!interrupts.isPending()) {
            declared.forEach(this::noteWhatIsMissing);
        }
        return last == null || interrupts.isPending() ? Driver.SUCCESS : show(last.snippet());
    }

    /** Whether nothing but the end of a comment is missing. */
    private boolean isUnclosed(String code) {
        return code.contains("/*") && analysis.analyzeCompletion(code + "*/").completeness().isComplete();
    }

    /** The query with blanks in place of a package, which a session does not have. */
    private Source withoutPackage(Source source) {
        Matcher declaration = PACKAGE.matcher(source.text).region(source.skipBlanks(0), source.text.length());
        if (!declaration.lookingAt()) {
            return source;
        }
        output.printError("note: a session has no packages: what is declared here belongs to none");
        return source.blank(declaration.start(), declaration.end());
    }

    private int reject(Source source, int position, String message) {
        output.printError(source.message(position, "error", message));
        return Driver.FAILURE;
    }

    /** Whether the snippet could be compiled and run; the user is told when not. */
    private boolean succeeds(SnippetEvent event) {
        Snippet snippet = event.snippet();
        if (event.status() == Snippet.Status.REJECTED || isBroken(snippet)) {
            Origin origin = origins.get(snippet.id());
            shell.diagnostics(snippet).forEach(diagnostic -> output.printError(origin.source.message(
                origin.position + diagnostic.getPosition(),
                diagnostic.isError() ? "error" : "warning",
                WRAPPER.matcher(diagnostic.getMessage(Locale.ROOT)).replaceAll(""))));
            if (shell.diagnostics(snippet).anyMatch(diagnostic -> diagnostic.getCode().startsWith(OVERFLOW))) {
                // A change of the class path makes jshell take another compiler.
                shell.addToClasspath(library);
            }
            // What is left of it would be compiled again with every snippet to come.
            shell.drop(snippet);
            return false;
        }
        if (event.exception() != null && !interrupts.isPending()) {
            report("Exception ", event.exception());
        }
        return event.exception() == null;
    }

    /** jshell takes some declarations that cannot be compiled for ones that wait for another, which nothing can end. */
    private boolean isBroken(Snippet snippet) {
        return isWaiting(snippet) && shell.unresolvedDependencies((DeclarationSnippet) snippet).findAny().isEmpty();
    }

    private boolean isWaiting(Snippet snippet) {
        Snippet.Status status = shell.status(snippet);
        return snippet instanceof DeclarationSnippet
            && (status == Snippet.Status.RECOVERABLE_DEFINED || status == Snippet.Status.RECOVERABLE_NOT_DEFINED);
    }

    /** Tells of a method or class that was declared and refers to what does not exist yet. */
    private void noteWhatIsMissing(Snippet snippet) {
        if (isWaiting(snippet)) {
            output.printError("note: " + missing((DeclarationSnippet) snippet));
        }
    }

    private String missing(DeclarationSnippet snippet) {
        String names = shell.unresolvedDependencies(snippet).collect(Collectors.joining(", "));
        return snippet.name() + " cannot be used until this is declared: " + names;
    }

    /**
     * Shows the value of the query's last snippet as jshell does, if it is an expression. The stream that `printf`
     * returns says nothing. Returns the exit code of the query.
     */
    private int show(Snippet snippet) throws Exception {
        String name = switch (snippet.subKind()) {
            case TEMP_VAR_EXPRESSION_SUBKIND -> ((VarSnippet) snippet).name();
            case VAR_VALUE_SUBKIND -> ((ExpressionSnippet) snippet).name();
            default -> null;
        };
        Object value = engine.value();
        if (name == null || value != null && (value == System.out || value == System.err)) {
            return Driver.SUCCESS;
        }
        try {
            output.print(name + " ==> " + engine.describeValue());
            return Driver.SUCCESS;
        } catch (ExecutionControl.StoppedException interrupt) {
            return Driver.FAILURE;
        } catch (InvocationTargetException error) {
            output.printError("Exception in the toString of " + name + ": " + error.getCause());
            return Driver.FAILURE;
        }
    }

    private void report(String introduction, Throwable error) {
        if (error instanceof UnresolvedReferenceException unresolved) {
            output.printError("error: " + missing(unresolved.getSnippet()));
        } else if (error instanceof EvalException exception) {
            String text = error.getMessage();
            String message = text == null ? "" : ": " + WRAPPER.matcher(text).replaceAll("");
            output.printError(introduction + exception.getExceptionClassName() + message);
        }
        for (StackTraceElement frame : error.getStackTrace()) {
            output.printError("\tat " + describe(frame));
        }
        if (error.getCause() != null) {
            report("Caused by: ", error.getCause());
        }
    }

    /** jshell names a snippet by `#` and its number. */
    private String describe(StackTraceElement frame) {
        String file = frame.getFileName();
        Origin origin = file != null && file.startsWith("#") ? origins.get(file.substring(1)) : null;
        if (origin == null) {
            return frame.toString();
        }
        String type = frame.getClassName().isEmpty() ? "" : frame.getClassName() + ".";
        String place = origin.source.name(origin.source.line(origin.position) + frame.getLineNumber() - 1);
        return frame.getMethodName().isEmpty() ? place : type + frame.getMethodName() + " (" + place + ")";
    }
}
