package dev.sharedserver.cli;

import java.util.ArrayList;
import java.util.List;

/** Completion scripts, made from the table of verbs; names of servers come from the hidden verb __names. */
final class Completion {

    private Completion() {}

    static String bash() {
        StringBuilder out = new StringBuilder();
        out.append("# bash completion of sharedserver\n");
        out.append("_sharedserver() {\n");
        out.append("    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} first=2 i\n");
        out.append("    COMPREPLY=()\n");
        out.append("    for ((i = 1; i < COMP_CWORD; i++)); do\n");
        out.append("        [[ ${COMP_WORDS[i]} == -- ]] && { compopt -o default; return; }\n");
        out.append("    done\n");
        out.append("    if ((COMP_CWORD == 1)); then\n");
        out.append("        COMPREPLY=($(compgen -W '")
                .append(join(firstWords()))
                .append("' -- \"$cur\"))\n");
        out.append("        return\n    fi\n");
        out.append("    if [[ $verb == admin ]]; then\n");
        out.append("        if ((COMP_CWORD == 2)); then\n");
        out.append("            COMPREPLY=($(compgen -W '")
                .append(join(adminWords()))
                .append("' -- \"$cur\"))\n");
        out.append("            return\n        fi\n");
        out.append("        verb=\"admin ${COMP_WORDS[2]}\" first=3\n    fi\n");
        out.append("    if [[ $cur == -* ]]; then\n        case $verb in\n");
        for (Verb verb : visible()) {
            out.append("        '").append(verb.words()).append("') COMPREPLY=($(compgen -W '");
            out.append(join(flags(verb))).append("' -- \"$cur\")) ;;\n");
        }
        out.append("        esac\n        return\n    fi\n");
        out.append("    case ${COMP_WORDS[COMP_CWORD - 1]} in\n");
        out.append("    --for) COMPREPLY=($(compgen -W 'ready stopped ended active grace' -- \"$cur\")); return ;;\n");
        out.append("    --on-mismatch) COMPREPLY=($(compgen -W 'warn fail ignore' -- \"$cur\")); return ;;\n");
        out.append("    --config | --log-file | --working-dir | --stdin | --stdout) compopt -o default; return ;;\n");
        out.append("    esac\n    case $verb in\n");
        out.append("    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n");
        out.append("    config) COMPREPLY=($(compgen -W 'check show path' -- \"$cur\")) ;;\n");
        out.append("    hook)\n        case ${COMP_WORDS[2]} in\n");
        out.append("        shell) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n");
        out.append("        claude) COMPREPLY=($(compgen -W 'start end' -- \"$cur\")) ;;\n");
        out.append("        allow | deny) compopt -o dirnames ;;\n");
        out.append("        *) COMPREPLY=($(compgen -W 'shell allow deny claude' -- \"$cur\")) ;;\n");
        out.append("        esac ;;\n");
        out.append("    help) COMPREPLY=($(compgen -W '")
                .append(join(firstWords()))
                .append("' -- \"$cur\")) ;;\n");
        out.append("    list | top) ;;\n");
        out.append("    *)\n        local IFS=$'\\n'\n");
        out.append(
                "        COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" __names 2>/dev/null)\" -- \"$cur\")) ;;\n");
        out.append("    esac\n}\ncomplete -F _sharedserver sharedserver\n");
        return out.toString();
    }

    static String zsh() {
        StringBuilder out = new StringBuilder();
        out.append("#compdef sharedserver\n# zsh completion of sharedserver\n");
        out.append("_sharedserver() {\n    local verb=${words[2]} i\n    local -a candidates\n");
        out.append("    for ((i = 2; i < CURRENT; i++)); do\n");
        out.append("        [[ ${words[i]} == -- ]] && { _normal -p sharedserver; return; }\n    done\n");
        out.append("    if ((CURRENT == 2)); then\n        candidates=(\n");
        for (Verb verb : visible()) {
            if (!verb.words().startsWith("admin ")) {
                out.append("            '")
                        .append(verb.words())
                        .append(':')
                        .append(quoted(verb.summary()))
                        .append("'\n");
            }
        }
        out.append("            'admin:start, stop and count by hand'\n        )\n");
        out.append("        _describe verb candidates\n        return\n    fi\n");
        out.append("    if [[ $verb == admin ]]; then\n        if ((CURRENT == 3)); then\n            candidates=(\n");
        for (Verb verb : visible()) {
            if (verb.words().startsWith("admin ")) {
                out.append("                '")
                        .append(verb.words().substring(6))
                        .append(':');
                out.append(quoted(verb.summary())).append("'\n");
            }
        }
        out.append("            )\n            _describe verb candidates\n            return\n        fi\n");
        out.append("        verb=\"admin ${words[3]}\"\n    fi\n");
        out.append("    if [[ ${words[CURRENT]} == -* ]]; then\n        case $verb in\n");
        for (Verb verb : visible()) {
            out.append("        '").append(verb.words()).append("') candidates=(");
            for (Option option : verb.options()) {
                out.append("'")
                        .append(option.flag())
                        .append(':')
                        .append(quoted(option.help()))
                        .append("' ");
            }
            out.append("'--help:explain the verb') ;;\n");
        }
        out.append("        esac\n        _describe option candidates\n        return\n    fi\n");
        out.append("    case ${words[CURRENT - 1]} in\n");
        out.append("    --for) candidates=(ready stopped ended active grace); _describe state candidates; return ;;\n");
        out.append("    --on-mismatch) candidates=(warn fail ignore); _describe reaction candidates; return ;;\n");
        out.append("    --config | --log-file | --working-dir | --stdin | --stdout) _files; return ;;\n    esac\n");
        out.append("    case $verb in\n    completion) candidates=(bash zsh fish); _describe shell candidates ;;\n");
        out.append("    config) candidates=(check show path); _describe view candidates ;;\n");
        out.append("    hook)\n        if ((CURRENT == 3)); then\n");
        out.append("            candidates=(shell allow deny claude)\n            _describe kind candidates\n");
        out.append("        elif [[ ${words[3]} == shell ]]; then\n");
        out.append("            candidates=(bash zsh fish)\n            _describe shell candidates\n");
        out.append("        elif [[ ${words[3]} == claude ]]; then\n");
        out.append("            candidates=(start end)\n            _describe moment candidates\n");
        out.append("        else\n            _files -/\n        fi ;;\n");
        out.append("    list | top | help) ;;\n");
        out.append("    *)\n        candidates=(${(f)\"$(${words[1]} __names 2>/dev/null)\"})\n");
        out.append("        compadd -a candidates ;;\n    esac\n}\n");
        out.append("if [[ ${funcstack[1]} == _sharedserver ]]; then\n    _sharedserver \"$@\"\nelse\n");
        out.append("    compdef _sharedserver sharedserver\nfi\n");
        return out.toString();
    }

    static String fish() {
        StringBuilder out = new StringBuilder();
        out.append("# fish completion of sharedserver\n");
        out.append("function __sharedserver_verb\n    set -l words (commandline -opc)\n");
        out.append("    contains -- -- $words; and return 1\n");
        out.append("    test (count $words) -ge 2; or return 1\n");
        out.append("    if test $words[2] = admin\n        test (count $words) -ge 3; or return 1\n");
        out.append("        test \"$argv\" = \"admin $words[3]\"\n    else\n");
        out.append("        test \"$argv\" = $words[2]\n    end\nend\n");
        out.append("function __sharedserver_first\n    test (count (commandline -opc)) -eq 1\nend\n");
        out.append("function __sharedserver_admin\n    set -l words (commandline -opc)\n");
        out.append("    test (count $words) -eq 2; and test $words[2] = admin\nend\n");
        out.append("complete -c sharedserver -f\n");
        out.append("complete -c sharedserver -n __sharedserver_first -a admin -d 'start, stop and count by hand'\n");
        for (Verb verb : visible()) {
            boolean admin = verb.words().startsWith("admin ");
            out.append("complete -c sharedserver -n __sharedserver_").append(admin ? "admin" : "first");
            out.append(" -a ").append(admin ? verb.words().substring(6) : verb.words());
            out.append(" -d '").append(quoted(verb.summary())).append("'\n");
            String here = "-n '__sharedserver_verb " + verb.words() + "'";
            for (Option option : verb.options()) {
                boolean isLong = option.flag().startsWith("--");
                out.append("complete -c sharedserver ").append(here).append(isLong ? " -l " : " -s ");
                out.append(option.flag().substring(isLong ? 2 : 1));
                if (option.value() != null) {
                    out.append(takesPath(option) ? " -rF" : " -x");
                }
                out.append(values(option))
                        .append(" -d '")
                        .append(quoted(option.help()))
                        .append("'\n");
            }
            if (verb == Verb.COMPLETION) {
                out.append("complete -c sharedserver ").append(here).append(" -a 'bash zsh fish'\n");
            } else if (verb == Verb.CONFIG) {
                out.append("complete -c sharedserver ").append(here).append(" -a 'check show path'\n");
            } else if (verb == Verb.HOOK) {
                out.append("complete -c sharedserver ").append(here);
                out.append(" -a 'shell allow deny claude bash zsh fish start end'\n");
            } else if (verb != Verb.LIST && verb != Verb.TOP && verb != Verb.HELP) {
                out.append("complete -c sharedserver ").append(here);
                out.append(" -a '(sharedserver __names 2>/dev/null)'\n");
            }
        }
        return out.toString();
    }

    private static boolean takesPath(Option option) {
        return "PATH".equals(option.value()) || "FILE".equals(option.value()) || "DIR".equals(option.value());
    }

    private static String values(Option option) {
        return switch (option.flag()) {
            case "--for" -> " -a 'ready stopped ended active grace'";
            case "--on-mismatch" -> " -a 'warn fail ignore'";
            default -> "";
        };
    }

    private static List<Verb> visible() {
        List<Verb> verbs = new ArrayList<>();
        for (Verb verb : Verb.values()) {
            if (!verb.hidden()) {
                verbs.add(verb);
            }
        }
        return verbs;
    }

    private static List<String> firstWords() {
        List<String> words = new ArrayList<>();
        for (Verb verb : visible()) {
            if (!verb.words().startsWith("admin ")) {
                words.add(verb.words());
            }
        }
        words.add("admin");
        return words;
    }

    private static List<String> adminWords() {
        List<String> words = new ArrayList<>();
        for (Verb verb : visible()) {
            if (verb.words().startsWith("admin ")) {
                words.add(verb.words().substring(6));
            }
        }
        return words;
    }

    private static List<String> flags(Verb verb) {
        List<String> flags = new ArrayList<>();
        for (Option option : verb.options()) {
            flags.add(option.flag());
        }
        flags.add("--help");
        return flags;
    }

    private static String join(List<String> words) {
        return String.join(" ", words);
    }

    private static String quoted(String text) {
        return text.replace("'", "’").replace(":", "\\:");
    }
}
