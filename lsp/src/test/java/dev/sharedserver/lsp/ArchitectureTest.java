package dev.sharedserver.lsp;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.File;
import java.lang.foreign.Linker;
import java.time.Clock;
import org.junit.jupiter.api.Test;

/** What the packages of the hub may know of each other: hub → infer, interpose, mux → protocol. */
final class ArchitectureTest {

    private static final String[] LIBRARIES = {"java..", "com.google.gson..", "org.jspecify.annotations.."};

    private static final JavaClasses HUB = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sharedserver.lsp");

    @Test
    void theHubKnowsNeitherAgentNorCommandLine() {
        holds(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.sharedserver.agent..", "dev.sharedserver.cli..", "dev.sharedserver.client.."));
    }

    @Test
    void theProtocolKnowsTheJdkAndGsonOnly() {
        holds(packageMayUse("protocol"));
    }

    @Test
    void theMultiplexerKnowsTheProtocolOnlyAndNeitherThreadNorFileNorClock() {
        holds(packageMayUse("mux", "protocol"));
        for (String pure : new String[] {"mux", "protocol"}) {
            holds(noClasses()
                    .that()
                    .resideInAPackage("dev.sharedserver.lsp." + pure + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "java.nio.file..", "java.nio.channels..", "java.net..", "java.util.concurrent..")
                    .orShould()
                    .dependOnClassesThat()
                    .belongToAnyOf(File.class, Thread.class, ProcessHandle.class, Process.class, Clock.class)
                    .orShould()
                    .callMethod(System.class, "nanoTime")
                    .orShould()
                    .callMethod(System.class, "currentTimeMillis"));
        }
    }

    @Test
    void attachingKnowsNothingOfLanguageServersButTheirNames() {
        holds(classes()
                .that()
                .resideInAPackage("dev.sharedserver.lsp.interpose..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.sharedserver.lsp.interpose..",
                        "dev.sharedserver.lsp.protocol..",
                        "dev.sharedserver.os..",
                        "java..",
                        "com.google.gson..",
                        "org.jspecify.annotations.."));
    }

    @Test
    void theKernelIsCalledFromOnePlace() {
        holds(noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.sharedserver.lsp.interpose.Kernel")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class));
    }

    @Test
    void noPackageKnowsOneThatKnowsIt() {
        holds(slices().matching("dev.sharedserver.lsp.(*)..").should().beFreeOfCycles());
    }

    private static ArchRule packageMayUse(String name, String... others) {
        String[] allowed = new String[LIBRARIES.length + others.length + 1];
        System.arraycopy(LIBRARIES, 0, allowed, 0, LIBRARIES.length);
        allowed[LIBRARIES.length] = "dev.sharedserver.lsp." + name + "..";
        for (int i = 0; i < others.length; i++) {
            allowed[LIBRARIES.length + 1 + i] = "dev.sharedserver.lsp." + others[i] + "..";
        }
        return classes()
                .that()
                .resideInAPackage("dev.sharedserver.lsp." + name + "..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed);
    }

    private static void holds(ArchRule rule) {
        rule.check(HUB);
    }
}
