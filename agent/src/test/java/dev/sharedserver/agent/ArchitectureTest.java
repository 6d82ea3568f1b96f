package dev.sharedserver.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.File;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What modules and packages may know of each other: the arrows point down only. */
final class ArchitectureTest {
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sharedserver");

    @Test
    void coreKnowsTheJdkAndGsonOnly() {
        holds(classes()
                .that()
                .resideInAPackage("dev.sharedserver.core..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.sharedserver.core..",
                        "java..",
                        "jdk.net..",
                        "com.google.gson..",
                        "org.jspecify.annotations.."));
    }

    @Test
    void osKnowsTheJdkOnly() {
        holds(classes()
                .that()
                .resideInAPackage("dev.sharedserver.os..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.sharedserver.os..", "java..", "org.jspecify.annotations.."));
    }

    @Test
    void cliKnowsCoreAndNeitherThreadNorFile() {
        holds(classes()
                .that()
                .resideInAPackage("dev.sharedserver.cli..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.sharedserver.cli..",
                        "dev.sharedserver.core..",
                        "java..",
                        "com.google.gson..",
                        "org.jspecify.annotations.."));
        holds(noClasses()
                .that()
                .resideInAPackage("dev.sharedserver.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.nio.file..", "java.util.concurrent..", "java.net..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(File.class, Thread.class, ProcessHandle.class, Process.class));
    }

    @Test
    void theStateMachineKnowsNoClockNoFileAndNoProcess() {
        holds(noClasses()
                .that()
                .resideInAPackage("dev.sharedserver.core.lifecycle..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.io..", "java.nio..", "java.util.concurrent..", "java.net..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Clock.class, Thread.class, ProcessHandle.class, Process.class)
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis"));
    }

    @Test
    void gsonIsUsedAsAStreamAndNeverByReflection() {
        holds(noClasses().should().dependOnClassesThat().belongToAnyOf(Gson.class, JsonElement.class));
    }

    @Test
    void onlyMainAndItsLeaseEndTheProcess() {
        holds(noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.sharedserver.agent.Main")
                .and()
                .doNotHaveFullyQualifiedName("dev.sharedserver.agent.Lease")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class));
    }

    private static void holds(ArchRule rule) {
        rule.check(PRODUCT);
    }
}
