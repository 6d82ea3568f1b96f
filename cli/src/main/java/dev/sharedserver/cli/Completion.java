package dev.sharedserver.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Completion scripts, made from the table of verbs; names of servers come from the hidden verb {@code __names}. A name may hold
 * anything but control characters and slashes: each script has its shell quote it.
 */
final class Completion {

    private static final String EXTRA = "--help --version";

    private Completion() {}

    // bash

    /**
     * The words come from the line itself: bash's own ones are split at colons, at signs and equals signs, and keep their quotes.
     * What is inserted begins behind the last such sign, since that is all that readline replaces.
     */
    private static final String BASH_BEGIN = """
        # bash completion of sharedserver
        # Splits the line up to the cursor: words, the last one (cur) without its quotes, the quote that is open,
        # and how much of cur stands before what readline replaces (kept).
        __sharedserver_split() {
            local line=${COMP_LINE:0:COMP_POINT} c word= i started=
            words=() open= kept=0
            for ((i = 0; i < ${#line}; i++)); do
                c=${line:i:1}
                if [[ $open == "'" ]]; then
                    if [[ $c == "'" ]]; then open=; else word+=$c; fi
                elif [[ $c == \\\\ ]]; then
                    ((i++))
                    if [[ $open == '"' && ${line:i:1} != [\\\\\\"\\$\\`] ]]; then word+=\\\\; fi
                    word+=${line:i:1} started=1
                elif [[ $open == '"' ]]; then
                    if [[ $c == '"' ]]; then open=; else word+=$c; fi
                elif [[ $c == [\\"\\'] ]]; then
                    open=$c started=1 kept=${#word}
                elif [[ $c == [[:space:]] ]]; then
                    if [[ $started ]]; then words+=("$word"); fi
                    word= started= kept=0
                else
                    word+=$c started=1
                    if [[ $c == [:=@] && $COMP_WORDBREAKS == *"$c"* ]]; then kept=${#word}; fi
                fi
            done
            cur=$word
        }
        # Offers those of the lines of $1 that begin with cur, quoted; more text before each is in $2.
        __sharedserver_offer() {
            local one
            while IFS= read -r one; do
                one=$2$one
                [[ -n $one && "${one:0:${#cur}}" == "$cur" ]] || continue
                one=${one:kept}
                case $open in
                "'") one=${one//\\'/\\'\\\\\\'\\'} ;;
                '"') one=${one//\\\\/\\\\\\\\} one=${one//\\"/\\\\\\"} one=${one//\\$/\\\\\\$} one=${one//\\`/\\\\\\`} ;;
                *) if [[ -n $one ]]; then printf -v one %q "$one"; fi ;;
                esac
                COMPREPLY+=("$one")
            done <<<"$1"
        }
        __sharedserver_words() {
            __sharedserver_offer "${1// /$'\\n'}" "$2"
        }
        __sharedserver_names() {
            __sharedserver_offer "$("${COMP_WORDS[0]/#~\\//$HOME/}" __names 2>/dev/null)"
        }
        """;

    private static final String BASH_MIDDLE = """
        _sharedserver() {
            local words cur open kept verb operands=0 i first=1
            COMPREPLY=()
            __sharedserver_split
            for ((i = 1; i < ${#words[@]}; i++)); do
                [[ ${words[i]} == -- ]] || continue
                # everything behind it is another command
                for ((i = 1; i < COMP_CWORD; i++)); do
                    [[ ${COMP_WORDS[i]} == -- ]] && break
                done
                if declare -F _comp_command_offset >/dev/null; then
                    _comp_command_offset $((i + 1))
                elif declare -F _command_offset >/dev/null; then
                    _command_offset $((i + 1))
                elif ((COMP_CWORD == i + 1)) && [[ $cur != */* ]]; then
                    COMPREPLY=($(compgen -c -- "$cur"))
                else
                    compopt -o default
                fi
                return
            done
            verb=${words[1]-}
            if ((${#words[@]} > 1)) && __sharedserver_is_group "$verb"; then
                verb+=" ${words[2]-}" first=2
            fi
            if ((${#words[@]} <= first)); then
                __sharedserver_verbs "${verb% }"
                return
            fi
            for ((i = first + 1; i < ${#words[@]}; i++)); do
                if [[ ${words[i]} != -?* ]]; then
                    ((operands++))
                elif __sharedserver_takes_value "${words[i]}"; then
                    if ((++i == ${#words[@]})); then
                        __sharedserver_value "${words[i - 1]}" ''
                        return
                    fi
                fi
            done
            if [[ $cur == --*=* ]]; then
                __sharedserver_value "${cur%%=*}" "${cur%%=*}="
            elif [[ $cur == -* ]]; then
                __sharedserver_flags "$verb"
            else
                __sharedserver_operand "$verb"
            fi
        }
        complete -F _sharedserver sharedserver
        """;

    static String bash() {
        StringBuilder out = new StringBuilder(BASH_BEGIN);
        out.append("__sharedserver_is_group() {\n    [[ $1 == @(")
                .append(String.join("|", Words.groups()))
                .append(") ]]\n}\n");
        out.append("__sharedserver_verbs() {\n    case $1 in\n");
        for (String group : Words.groups()) {
            out.append("    ").append(group).append(") __sharedserver_words '");
            out.append(lasts(group)).append("' ;;\n");
        }
        out.append("    *) __sharedserver_words '")
                .append(firsts())
                .append(' ')
                .append(EXTRA)
                .append("' ;;\n    esac\n}\n");
        out.append("__sharedserver_flags() {\n    case $1 in\n");
        for (Verb verb : Words.visible()) {
            out.append("    '").append(verb.words()).append("') __sharedserver_words '");
            out.append(Words.flags(verb)).append("' ;;\n");
        }
        out.append("    esac\n}\n__sharedserver_takes_value() {\n    [[ $1 == @(");
        String bar = "";
        for (Option option : Words.options()) {
            if (option.value() != null) {
                out.append(bar).append(option.flag());
                bar = "|";
            }
        }
        out.append(") ]]\n}\n__sharedserver_value() {\n    case $1 in\n");
        for (Option option : Words.options()) {
            String offer = bash(Words.value(option), " \"$2\"");
            if (!offer.isEmpty()) {
                out.append("    ")
                        .append(option.flag())
                        .append(") ")
                        .append(offer)
                        .append(" ;;\n");
            }
        }
        out.append("    esac\n}\n__sharedserver_operand() {\n    case $1:$operands in\n");
        for (Verb verb : Words.visible()) {
            List<Words.Slot> operands = Words.operands(verb);
            for (int place = 0; place < operands.size(); place++) {
                Words.Slot operand = operands.get(place);
                out.append("    '").append(verb.words()).append(":'");
                out.append(isMany(operand) ? "*" : place).append(") ");
                out.append(bash(operand, "")).append(" ;;\n");
            }
        }
        return out.append("    esac\n}\n").append(BASH_MIDDLE).toString();
    }

    private static String bash(Words.Slot slot, String before) {
        return switch (slot) {
            case Words.Slot.Name name -> "__sharedserver_names";
            case Words.Slot.OneOf one -> "__sharedserver_words '" + String.join(" ", one.words()) + "'" + before;
            case Words.Slot.AnyVerb any -> "__sharedserver_verbs ''";
            case Words.Slot.File file -> "compopt -o default";
            case Words.Slot.Directory directory -> "compopt -o dirnames";
            case Words.Slot.Other other -> "";
        };
    }

    // zsh

    private static final String ZSH_MIDDLE = """
        _sharedserver() {
            local verb flag i
            local -i operands=0 first=2
            local -a typed candidates
            # as typed, without quotes
            typed=("${(@Q)words}")
            for ((i = 2; i < CURRENT; i++)); do
                if [[ ${typed[i]} == -- ]]; then
                    # everything behind it is another command
                    words=("${(@)words[i + 1,-1]}")
                    ((CURRENT -= i))
                    _normal
                    return
                fi
            done
            verb=${typed[2]}
            if ((CURRENT > 2)) && __sharedserver_is_group "$verb"; then
                verb+=" ${typed[3]}" first=3
            fi
            if ((CURRENT <= first)); then
                __sharedserver_verbs "${typed[first - 1]}"
                return
            fi
            for ((i = first + 1; i < CURRENT; i++)); do
                if [[ ${typed[i]} != -?* ]]; then
                    ((operands++))
                elif __sharedserver_takes_value "${typed[i]}"; then
                    if ((++i == CURRENT)); then
                        __sharedserver_value "${typed[i - 1]}"
                        return
                    fi
                fi
            done
            if [[ $PREFIX == --*=* ]]; then
                flag=${PREFIX%%=*}
                compset -P '*='
                __sharedserver_value "$flag"
            elif [[ $PREFIX == -* ]]; then
                __sharedserver_flags "$verb"
            else
                __sharedserver_operand "$verb"
            fi
        }
        if [[ ${funcstack[1]} == _sharedserver ]]; then
            _sharedserver "$@"
        else
            compdef _sharedserver sharedserver
        fi
        """;

    static String zsh() {
        StringBuilder out = new StringBuilder("#compdef sharedserver\n# zsh completion of sharedserver\n");
        out.append("__sharedserver_names() {\n    local -a names\n");
        out.append("    names=(\"${(@f)$(\"${(Q)words[1]/#\\~\\//$HOME/}\" __names 2>/dev/null)}\")\n");
        out.append("    names=(\"${(@)names:#}\")\n    compadd -a names\n}\n");
        out.append("__sharedserver_is_group() {\n    [[ $1 == (")
                .append(String.join("|", Words.groups()))
                .append(") ]]\n}\n");
        out.append("__sharedserver_verbs() {\n    local -a candidates\n    case $1 in\n");
        for (String group : Words.groups()) {
            out.append("    ").append(group).append(") candidates=(\n");
            for (Verb verb : Words.of(group)) {
                described(out, Words.last(verb), verb.summary());
            }
            out.append("    ) ;;\n");
        }
        out.append("    *) candidates=(\n");
        for (Verb verb : Words.of("")) {
            described(out, verb.words(), verb.summary());
        }
        for (String group : Words.groups()) {
            described(out, group, Words.summary(group));
        }
        described(out, "--help", "explain the command line");
        described(out, "--version", "print the version");
        out.append("    ) ;;\n    esac\n    _describe verb candidates\n}\n");
        out.append("__sharedserver_flags() {\n    local -a candidates\n    case $1 in\n");
        for (Verb verb : Words.visible()) {
            out.append("    '").append(verb.words()).append("') candidates=(\n");
            for (Option option : verb.options()) {
                described(out, option.flag(), option.help());
            }
            described(out, "--help", "explain the verb");
            out.append("    ) ;;\n");
        }
        out.append("    esac\n    _describe -o option candidates\n}\n");
        out.append("__sharedserver_takes_value() {\n    [[ $1 == (");
        String bar = "";
        for (Option option : Words.options()) {
            if (option.value() != null) {
                out.append(bar).append(option.flag());
                bar = "|";
            }
        }
        out.append(") ]]\n}\n__sharedserver_value() {\n    case $1 in\n");
        for (Option option : Words.options()) {
            String offer = zsh(Words.value(option));
            if (!offer.isEmpty()) {
                out.append("    ")
                        .append(option.flag())
                        .append(") ")
                        .append(offer)
                        .append(" ;;\n");
            }
        }
        out.append("    esac\n}\n__sharedserver_operand() {\n    case $1:$operands in\n");
        for (Verb verb : Words.visible()) {
            List<Words.Slot> operands = Words.operands(verb);
            for (int place = 0; place < operands.size(); place++) {
                Words.Slot operand = operands.get(place);
                out.append("    '").append(verb.words()).append(":'");
                out.append(isMany(operand) ? "*" : place).append(") ");
                out.append(zsh(operand)).append(" ;;\n");
            }
        }
        return out.append("    esac\n}\n").append(ZSH_MIDDLE).toString();
    }

    private static void described(StringBuilder out, String word, String text) {
        out.append("        '")
                .append(word)
                .append(':')
                .append(quoted(text).replace(":", "\\:"))
                .append("'\n");
    }

    private static String zsh(Words.Slot slot) {
        return switch (slot) {
            case Words.Slot.Name name -> "__sharedserver_names";
            case Words.Slot.OneOf one -> "compadd -- " + String.join(" ", one.words());
            case Words.Slot.AnyVerb any -> "__sharedserver_verbs ''";
            case Words.Slot.File file -> "_files";
            case Words.Slot.Directory directory -> "_files -/";
            case Words.Slot.Other other -> "";
        };
    }

    // fish

    private static final String FISH_BEGIN = """
        # fish completion of sharedserver
        function __sharedserver_verb --description 'the verb on the command line, which has come to its arguments'
            set -l words (commandline -opc)
            contains -- -- $words; and return 1
            set -l verb $words[2]
            set -l first 2
            if contains -- "$verb" %s
                set verb "$verb $words[3]"
                set first 3
            end
            test (count $words) -ge $first; or return 1
            test "$verb" = "$argv"
        end
        function __sharedserver_first --description 'a verb is to come; of a group, if one is given'
            set -l words (commandline -opc)
            if test (count $argv) -eq 0
                test (count $words) -eq 1
            else
                test (count $words) -eq 2; and test $words[2] = $argv[1]
            end
        end
        function __sharedserver_place --description 'so many operands have been typed behind the verb'
            __sharedserver_verb $argv[2..-1]; or return 1
            set -l words (commandline -opc)
            set -l operands 0
            set -l i (math 1 + (count $argv))
            while test $i -le (count $words)
                if contains -- $words[$i] %s
                    set i (math $i + 1)
                else if not string match -q -- '-?*' $words[$i]
                    set operands (math $operands + 1)
                end
                set i (math $i + 1)
            end
            test $operands -eq $argv[1]
        end
        function __sharedserver_behind --description 'what is typed is another command, behind --'
            contains -- -- (commandline -opc)
        end
        function __sharedserver_command --description 'completes that command'
            set -l words (commandline -opc)
            set -l i (contains --index -- -- $words)
            complete -C (string join ' ' -- (string escape -- $words[(math $i + 1)..-1]) (commandline -ct))
        end
        function __sharedserver_names
            set -l words (commandline -opc)
            set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
            command $program __names 2>/dev/null
        end
        complete -c sharedserver -f
        complete -c sharedserver -n __sharedserver_behind -a '(__sharedserver_command)'
        """;

    static String fish() {
        StringBuilder flags = new StringBuilder();
        for (Option option : Words.options()) {
            if (option.value() != null) {
                flags.append(flags.isEmpty() ? "" : " ").append(option.flag());
            }
        }
        StringBuilder out = new StringBuilder();
        int first = FISH_BEGIN.indexOf("%s");
        int second = FISH_BEGIN.indexOf("%s", first + 2);
        out.append(FISH_BEGIN, 0, first).append(String.join(" ", Words.groups()));
        out.append(FISH_BEGIN, first + 2, second).append(flags).append(FISH_BEGIN.substring(second + 2));
        for (String group : Words.groups()) {
            fishVerb(out, "__sharedserver_first", group, Words.summary(group));
        }
        out.append("complete -c sharedserver -n __sharedserver_first -l version -d 'print the version'\n");
        out.append("complete -c sharedserver -n __sharedserver_first -l help -d 'explain the command line'\n");
        for (Verb verb : Words.visible()) {
            String group = Words.group(verb);
            String where = group.isEmpty() ? "__sharedserver_first" : "'__sharedserver_first " + group + "'";
            fishVerb(out, where, Words.last(verb), verb.summary());
            String here = "complete -c sharedserver -n '__sharedserver_verb " + verb.words() + "'";
            for (Option option : verb.options()) {
                boolean isLong = option.flag().startsWith("--");
                out.append(here)
                        .append(isLong ? " -l " : " -s ")
                        .append(option.flag().substring(isLong ? 2 : 1));
                if (option.value() != null) {
                    out.append(fishValue(Words.value(option)));
                }
                out.append(" -d '").append(quoted(option.help())).append("'\n");
            }
            out.append(here).append(" -l help -d 'explain the verb'\n");
            fishOperands(out, verb);
        }
        return out.toString();
    }

    private static void fishVerb(StringBuilder out, String where, String word, String text) {
        out.append("complete -c sharedserver -n ").append(where).append(" -a ").append(word);
        out.append(" -d '").append(quoted(text)).append("'\n");
    }

    private static void fishOperands(StringBuilder out, Verb verb) {
        List<Words.Slot> operands = Words.operands(verb);
        for (int place = 0; place < operands.size(); place++) {
            Words.Slot operand = operands.get(place);
            String here = "complete -c sharedserver -n '__sharedserver_"
                    + (isMany(operand) ? "verb " : "place " + place + " ") + verb.words() + "'";
            out.append(here)
                    .append(
                            switch (operand) {
                                case Words.Slot.Name name -> " -a '(__sharedserver_names)'";
                                case Words.Slot.OneOf one -> " -a '" + String.join(" ", one.words()) + "'";
                                case Words.Slot.AnyVerb any -> " -a '" + firsts() + "'";
                                case Words.Slot.File file -> " -F";
                                case Words.Slot.Directory directory -> " -a '(__fish_complete_directories)'";
                                case Words.Slot.Other other -> "";
                            })
                    .append('\n');
        }
    }

    private static String fishValue(Words.Slot slot) {
        return switch (slot) {
            case Words.Slot.OneOf one -> " -xa '" + String.join(" ", one.words()) + "'";
            case Words.Slot.File file -> " -rF";
            case Words.Slot.Directory directory -> " -xa '(__fish_complete_directories (commandline -ct))'";
            case Words.Slot.Name name -> " -xa '(__sharedserver_names)'";
            case Words.Slot.AnyVerb any -> " -x";
            case Words.Slot.Other other -> " -x";
        };
    }

    // all

    private static boolean isMany(Words.Slot operand) {
        return operand instanceof Words.Slot.Name name && name.many();
    }

    private static String firsts() {
        List<String> words = new ArrayList<>();
        for (Verb verb : Words.of("")) {
            words.add(verb.words());
        }
        words.addAll(Words.groups());
        return String.join(" ", words);
    }

    private static String lasts(String group) {
        List<String> words = new ArrayList<>();
        for (Verb verb : Words.of(group)) {
            words.add(Words.last(verb));
        }
        return String.join(" ", words);
    }

    /** A text between single quotes, in any of the shells. */
    private static String quoted(String text) {
        return text.replace("'", "’").replace("\\", "");
    }
}
