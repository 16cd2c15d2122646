package io.stemedb.engine.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The flags stand in five places that cannot read each other: the property, two entries of the
 * manifest, what a launch checks, and the README.
 */
class JvmFlagsTest {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern FLAG = Pattern.compile("--add-(opens|exports)[ =]([a-z./]+)=");

    @Test
    void allPlacesSayTheSame() throws IOException {
        final String pom = Files.readString(HOME.resolve("pom.xml"));
        final Set<String> flags = flagsIn(element(pom, "jvm.flags"));
        assertTrue(flags.size() > 3, flags::toString);
        final Set<String> manifest = new TreeSet<>();
        words(pom, "manifest.add-opens").forEach(name -> manifest.add("opens " + name));
        words(pom, "manifest.add-exports").forEach(name -> manifest.add("exports " + name));
        assertEquals(flags, manifest, "the manifest's");
        final Set<String> checked = new TreeSet<>();
        JvmFlags.OPENS.forEach(name -> checked.add("opens java.base/" + name));
        JvmFlags.EXPORTS.forEach(name -> checked.add("exports java.base/" + name));
        assertEquals(flags, checked, "what a launch checks");
        final String readme = Files.readString(HOME.resolve("README.md"));
        assertEquals(flags, flagsIn(readme), "README.md");
        final List<String> natives = words(pom, "jvm.flags.native");
        assertEquals(2, natives.size(), natives::toString);
        natives.forEach(flag -> assertTrue(readme.contains(flag), "README.md: " + flag));
    }

    private static Set<String> flagsIn(final String text) {
        final Set<String> flags = new TreeSet<>();
        final Matcher flag = FLAG.matcher(text);
        while (flag.find()) {
            flags.add(flag.group(1) + " " + flag.group(2));
        }
        return flags;
    }

    private static List<String> words(final String pom, final String name) {
        return Arrays.asList(element(pom, name).split(" "));
    }

    private static String element(final String pom, final String name) {
        final Matcher element =
                Pattern.compile("<" + Pattern.quote(name) + ">(.*?)</", Pattern.DOTALL)
                        .matcher(pom);
        assertTrue(element.find(), name);
        return element.group(1).strip();
    }
}
