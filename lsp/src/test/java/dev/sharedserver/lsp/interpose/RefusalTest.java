package dev.sharedserver.lsp.interpose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalTest {

    @ParameterizedTest
    @CsvSource({
        "0, capabilities, lsp serve",
        "1, kernel.yama.ptrace_scope is 1, sysctl kernel.yama.ptrace_scope=0",
        "2, kernel.yama.ptrace_scope is 2, as root",
        "3, kernel.yama.ptrace_scope is 3, lsp serve",
    })
    void whatYamaForbidsIsNamedWithWhatHelps(int scope, String found, String remedy) {
        Refusal refusal = Checks.refused(42, scope);
        String message = String.valueOf(refusal.getMessage());
        assertEquals(Reason.PTRACE_REFUSED, refusal.reason());
        assertTrue(message.contains("process 42") && message.contains(found) && message.contains(remedy), message);
    }

    @Test
    void everyReasonHasAnExitCodeOfItsOwn() {
        assertEquals(
                Reason.values().length,
                Arrays.stream(Reason.values())
                        .map(Reason::exitCode)
                        .collect(Collectors.toSet())
                        .size());
    }
}
