package io.stemedb.engine;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import io.stemedb.codecs.Limits;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rooms of DESIGN section 7 and the arrows between them. */
class ArchitectureTest {
    private static final String ROOT = "io.stemedb.engine";
    private static final String CODECS = "io.stemedb.codecs..";

    private static JavaClasses all;

    @BeforeAll
    static void read() throws IOException {
        // by where they lie: tests of the same packages are not meant
        all = new ClassFileImporter().importUrls(List.of(home(Engine.class), home(Limits.class)));
        assertTrue(all.contain(Engine.class) && all.contain(Limits.class));
        assertTrue(!all.contain(ArchitectureTest.class));
    }

    private static URL home(final Class<?> type) throws IOException {
        final URL home = type.getProtectionDomain().getCodeSource().getLocation();
        return home.getPath().endsWith(".jar") ? URI.create("jar:" + home + "!/").toURL() : home;
    }

    private static String room(final String name) {
        return name.isEmpty() ? ROOT : ROOT + "." + name + "..";
    }

    /** Vendors have one room each, or one below another. */
    @ParameterizedTest
    @CsvSource({
        "net.openhft, journal",
        "org.rocksdb, store.rocks",
        "org.lmdbjava, store.lmdb",
        "jnr, store.lmdb",
        "picocli, cli",
        "com.fasterxml.jackson, cli",
        "org.knowm.xchart, cli",
        "me.tongfei.progressbar, cli",
        "org.HdrHistogram, cli",
    })
    void aVendorIsSaidInOneRoom(final String vendor, final String room) {
        vendorRule(vendor, room).check(all);
    }

    private static ArchRule vendorRule(final String vendor, final String room) {
        return noClasses()
                .that(not(resideInAPackage(room(room))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(vendor + "..");
    }

    /** What each room may know of ours; itself and the JDK always. */
    @ParameterizedTest
    @CsvSource({
        "platform, ''",
        "status, ''",
        "hash, platform",
        "journal, platform status codecs",
        "memtable, codecs status",
        "store, platform status",
        "ingest, journal hash memtable store status platform codecs",
    })
    void arrowsPointDown(final String room, final String below) {
        arrowRule(room, below).check(all);
    }

    private static ArchRule arrowRule(final String room, final String below) {
        final List<String> allowed = new ArrayList<>(List.of(room(room)));
        Arrays.stream(below.split(" "))
                .filter(name -> !name.isEmpty())
                .map(name -> "codecs".equals(name) ? CODECS : room(name))
                .forEach(allowed::add);
        final String[] rooms = allowed.toArray(new String[0]);
        return noClasses()
                .that()
                .resideInAPackage(room(room))
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.stemedb..").and(not(resideInAnyPackage(rooms))))
                .allowEmptyShould(false);
    }

    /** Ingest works on any store: which one it is, only the root knows. */
    @Test
    void vendorStoresAreKnownToTheRootOnly() {
        noClasses()
                .that(
                        not(
                                resideInAnyPackage(
                                        room("store.rocks"),
                                        room("store.lmdb"),
                                        ROOT,
                                        room("cli"))))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(room("store.rocks"), room("store.lmdb"))
                .check(all);
        noClasses()
                .that()
                .resideInAPackage(room("store.rocks"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(room("store.lmdb"))
                .check(all);
        noClasses()
                .that()
                .resideInAPackage(room("store.lmdb"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(room("store.rocks"))
                .check(all);
    }

    @Test
    void theRootIsKnownToTheCommandLineOnly() {
        noClasses()
                .that(not(resideInAnyPackage(ROOT, room("cli"), room("cluster"))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(all);
    }

    @Test
    void nobodyKnowsTheCommandLine() {
        cliRule(room("cli")).check(all);
    }

    private static ArchRule cliRule(final String... allowed) {
        return noClasses()
                .that(not(resideInAnyPackage(allowed)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(room("cli"));
    }

    @Test
    void codecsKnowNothingOfTheEngine() {
        noClasses()
                .that()
                .resideInAPackage(CODECS)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + "..")
                .check(all);
    }

    @Test
    void theContextStaysAtTheRoot() {
        noClasses()
                .that(not(resideInAnyPackage(ROOT, room("cli"))))
                .should()
                .dependOnClassesThat()
                .areAssignableTo(EngineContext.class)
                .check(all);
    }

    @Test
    void exceptionsOfOursAreUnchecked() {
        classes()
                .that()
                .areAssignableTo(Exception.class)
                .and()
                .resideOutsideOfPackage(room("cli"))
                .should()
                .beAssignableTo(RuntimeException.class)
                .check(all);
    }

    /** The controls: rules that are wrong on purpose are broken. */
    @Test
    void theRulesCanBreak() {
        assertThrows(AssertionError.class, () -> vendorRule("net.openhft", "hash").check(all));
        assertThrows(AssertionError.class, () -> arrowRule("ingest", "codecs").check(all));
        assertThrows(AssertionError.class, () -> cliRule(room("hash")).check(all));
        assertTrue(
                all.stream().map(JavaClass::getPackageName).anyMatch((ROOT + ".ingest")::equals));
    }
}
