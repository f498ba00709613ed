package kernelrunner.driver;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Builds queries that are whole programs: a class with a `main`, and whatever stands beside it. */
final class Programs {
    private static final Pattern MAYBE = Pattern.compile("\\bstatic\\b[^;{}()]*\\bmain\\s*\\(");
    private static final Pattern ARGUMENTS = Pattern.compile("(java\\.lang\\.)?String(\\[\\]|\\.\\.\\.)");

    private final Path classes;
    private final Path arguments;
    /** Where a program's other classes are. */
    private final String library;
    private final Output output;
    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    private String lastText;
    private String lastMain;

    Programs(Path folder, String library, Output output) {
        classes = folder.resolve("program");
        arguments = folder.resolve("arguments");
        String classPath = System.getenv("CLASSPATH");
        String rest = classPath == null || classPath.isEmpty() ? "." : classPath;
        this.library = library + File.pathSeparator + rest;
        this.output = output;
    }

    /** Builds the program and returns the exit code of that; null when the query is not a whole program. */
    Integer build(Source source) throws IOException {
        if (!source.text.equals(lastText)) {
            if (!MAYBE.matcher(source.text).find()) {
                return null;
            }
            CompilationUnitTree unit = parse(source);
            ClassTree main = unit == null ? null : mainClass(unit);
            if (main == null) {
                return null;
            }
            lastText = null;
            if (!compile(source, fileName(unit, main))) {
                return Driver.FAILURE;
            }
            String prefix = unit.getPackageName() == null ? "" : unit.getPackageName() + ".";
            lastMain = prefix + main.getSimpleName();
            lastText = source.text;
        }
        Files.writeString(arguments, "-cp " + quoted(classes + File.pathSeparator + library) + " " + lastMain + "\n");
        return Driver.SUCCESS;
    }

    /** The program's tree, or null where it is not one. */
    private CompilationUnitTree parse(Source source) throws IOException {
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        JavacTask task = (JavacTask) compiler.getTask(null, null, problems, null, null, List.of(file("Main", source)));
        CompilationUnitTree unit = task.parse().iterator().next();
        return problems.getDiagnostics().stream().anyMatch(Programs::isError) ? null : unit;
    }

    /** The class to run: of those with a `main` the public one, else `Main`, else the first; null if there is none. */
    private static ClassTree mainClass(CompilationUnitTree unit) {
        Stream<ClassTree> candidates = types(unit).filter(Programs::hasMain);
        return candidates.min(Comparator.comparingInt(Programs::rank)).orElse(null);
    }

    private static Stream<ClassTree> types(CompilationUnitTree unit) {
        return unit.getTypeDecls().stream().filter(ClassTree.class::isInstance).map(ClassTree.class::cast);
    }

    private static int rank(ClassTree type) {
        return isPublic(type) ? 0 : type.getSimpleName().contentEquals("Main") ? 1 : 2;
    }

    private static boolean isPublic(ClassTree type) {
        return type.getModifiers().getFlags().contains(Modifier.PUBLIC);
    }

    private static boolean hasMain(ClassTree type) {
        boolean isInterface = type.getKind() == Tree.Kind.INTERFACE;
        return type.getMembers().stream()
            .anyMatch(member -> member instanceof MethodTree method && isMain(method, isInterface));
    }

    private static boolean isMain(MethodTree method, boolean isInInterface) {
        Set<Modifier> modifiers = method.getModifiers().getFlags();
        List<? extends VariableTree> parameters = method.getParameters();
        return method.getName().contentEquals("main")
            && modifiers.contains(Modifier.STATIC)
            && (isInInterface || modifiers.contains(Modifier.PUBLIC))
            && parameters.size() == 1
            && ARGUMENTS.matcher(parameters.get(0).getType().toString()).matches();
    }

    /** The name that the compiler demands for the file: that of its public class. */
    private static String fileName(CompilationUnitTree unit, ClassTree main) {
        Optional<ClassTree> named = types(unit).filter(Programs::isPublic).findFirst();
        return named.orElse(main).getSimpleName().toString();
    }

    private boolean compile(Source source, String name) throws IOException {
        remove(classes);
        Files.createDirectories(classes);
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        List<String> options = List.of("-d", classes.toString(), "-cp", library, "-proc:none");
        boolean isBuilt = compiler.getTask(null, null, problems, options, null, List.of(file(name, source))).call();
        problems.getDiagnostics().forEach(problem -> output.printError(describe(source, problem)));
        return isBuilt;
    }

    private static String describe(Source source, Diagnostic<?> problem) {
        String kind = switch (problem.getKind()) {
            case ERROR -> "error";
            case NOTE -> "Note";
            default -> "warning";
        };
        String message = problem.getMessage(Locale.ROOT);
        boolean hasPlace = problem.getPosition() != Diagnostic.NOPOS;
        return hasPlace ? source.message(problem.getPosition(), kind, message) : kind + ": " + message;
    }

    private static boolean isError(Diagnostic<?> problem) {
        return problem.getKind() == Diagnostic.Kind.ERROR;
    }

    private static JavaFileObject file(String name, Source source) {
        URI uri = URI.create("string:///" + name + JavaFileObject.Kind.SOURCE.extension);
        return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
            @Override
            public String getName() {
                return name + getKind().extension;
            }

            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source.text;
            }
        };
    }

    /** As a file of arguments for `java` has it. */
    private static String quoted(String argument) {
        return '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> below = Files.walk(folder)) {
                for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
