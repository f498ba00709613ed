import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Starts the driver from its sources, in the folder that the first argument names. They are compiled the first time
 * only, and with `warm` for the second argument nothing else is done. A class loader of its own keeps the driver out of
 * sight of the user's code.
 */
public final class Launch {
    private static final int OLDEST = 17;

    public static void main(String[] arguments) throws Exception {
        int version = Runtime.version().feature();
        if (version < OLDEST) {
            fail("this Java is of version " + version + ": " + OLDEST + " or newer is needed");
        }
        if (ModuleLayer.boot().findModule("jdk.jshell").isEmpty()) {
            fail("this Java has no module jdk.jshell: a whole JDK is needed (package default-jdk-headless)");
        }
        Path folder = Path.of(arguments[0]);
        Path classes = folder.resolve("classes");
        if (Files.notExists(classes)) {
            Path made = Files.createDirectory(folder.resolve("classes." + ProcessHandle.current().pid()));
            compile(folder.resolve("library"), made.resolve("library"));
            compile(folder.resolve("driver"), made.resolve("driver"));
            compile(folder.resolve("Launch.java"), made.resolve("launch"));
            // All of them or none: a start that is ended early leaves nothing half made.
            Files.move(made, classes);
        }
        if (arguments.length > 1) {
            return;
        }
        URL[] path = {classes.resolve("driver").toUri().toURL()};
        Class<?> driver = new URLClassLoader(path).loadClass("kernelrunner.driver.Driver");
        driver.getMethod("main", String[].class).invoke(null, (Object) arguments);
    }

    private static void compile(Path sources, Path classes) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter problems = new StringWriter();
        List<String> options = List.of("-d", classes.toString(), "-proc:none", "-nowarn");
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> paths = Files.walk(sources)) {
            List<Path> all = paths.filter(path -> path.toString().endsWith(".java")).collect(Collectors.toList());
            var units = files.getJavaFileObjectsFromPaths(all);
            if (!compiler.getTask(problems, files, null, options, null, units).call()) {
                fail("this Java cannot compile the driver:\n" + problems);
            }
        }
    }

    private static void fail(String reason) {
        System.err.println(reason);
        System.exit(1);
    }
}
