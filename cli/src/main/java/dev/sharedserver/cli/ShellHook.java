package dev.sharedserver.cli;

/**
 * The scripts that shells evaluate in their start-up file. They are called before each prompt, and start no process
 * unless the nearest project directory is another than before.
 *
 * <p>Which servers the shell then holds is the agent's business ({@link Command.ShellMoved}), which looks at the shell's
 * directory itself: calls that overtake each other do no harm.
 */
public final class ShellHook {

    private static final String BASH = """
        # bash hook of sharedserver: eval "$(sharedserver hook shell bash)" in ~/.bashrc
        if [[ $- == *i* ]]; then
            if [[ ${__sharedserver_shell-} != "$$" ]]; then
                __sharedserver_shell=$$ __sharedserver_pwd='' __sharedserver_at='' __sharedserver_file='' __sharedserver_seen=''
                # a shell that became this one by exec may hold what it has left
                [[ ${SHAREDSERVER_SHELL-} != "$$" ]] || __sharedserver_at=/
                export SHAREDSERVER_SHELL=$$
            fi
            __sharedserver_prompt() {
                local last=$?
                if [[ $PWD != "${__sharedserver_pwd-}" ]]; then
                    __sharedserver_pwd=$PWD
                    __sharedserver_moved || :
                fi
                # under set -e any other value would end the shell
                [[ $- == *e* ]] || return "$last"
            }
            __sharedserver_moved() {
                # by way of "..", as the kernel goes: PWD may lead through links
                local at=. dir=$PWD file seen=
                while :; do
                    for file in .sharedserver.json .sharedserver/servers.json; do
                        if [[ -e $at/$file ]]; then
                            break 2
                        fi
                    done
                    if [[ $at -ef / || ! -d $at ]]; then
                        at=
                        break
                    fi
                    at=$at/.. dir=${dir%/*}
                done
                if [[ -z $at ]]; then
                    if [[ -z $__sharedserver_at ]]; then
                        return 0
                    fi
                    __sharedserver_at= __sharedserver_file=
                else
                    if [[ -n $__sharedserver_at && $at -ef $__sharedserver_at && $file == "$__sharedserver_file" ]]; then
                        return 0
                    fi
                    __sharedserver_at=$PWD/$at __sharedserver_file=$file
                    if [[ $__sharedserver_seen == *$'\\n'"$dir"$'\\n'* ]]; then
                        seen=--seen
                    else
                        __sharedserver_seen+=$'\\n'$dir$'\\n'
                    fi
                fi
                # a subshell, so that no job is told of
                (
                    trap '' TTOU
                    command @BINARY@ hook cd --pid "$$" ${seen:+"$seen"} </dev/null >/dev/null &
                )
            }
            if [[ "${PROMPT_COMMAND[*]-}" != *__sharedserver_prompt* ]]; then
                if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == 'declare -a'* ]]; then
                    PROMPT_COMMAND+=(__sharedserver_prompt)
                else
                    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\\n'}__sharedserver_prompt
                fi
            fi
        fi
        """;

    private static final String ZSH = """
        # zsh hook of sharedserver: eval "$(sharedserver hook shell zsh)" in ~/.zshrc
        if [[ -o interactive ]]; then
            if [[ "${__sharedserver_shell-}" != "$$" ]]; then
                typeset -g __sharedserver_shell=$$ __sharedserver_pwd= __sharedserver_at= __sharedserver_file=
                typeset -ga __sharedserver_seen
                __sharedserver_seen=()
                # a shell that became this one by exec may hold what it has left
                [[ "${SHAREDSERVER_SHELL-}" != "$$" ]] || __sharedserver_at=/
                export SHAREDSERVER_SHELL=$$
            fi
            __sharedserver_prompt() {
                if [[ "$PWD" != "$__sharedserver_pwd" ]]; then
                    __sharedserver_pwd=$PWD
                    __sharedserver_moved || :
                fi
            }
            __sharedserver_moved() {
                emulate -L zsh
                # servers get the priority of the shell that starts them
                setopt no_bg_nice no_monitor
                unsetopt err_exit err_return unset xtrace
                local dir=${PWD:A} file= at=
                local -a seen
                while :; do
                    for file in .sharedserver.json .sharedserver/servers.json; do
                        if [[ -e ${dir%/}/$file ]]; then
                            at=$dir
                            break 2
                        fi
                    done
                    [[ $dir == /* && $dir != / ]] || break
                    dir=${dir:h}
                done
                [[ -n $at ]] || file=
                if [[ $at == "$__sharedserver_at" && $file == "$__sharedserver_file" ]]; then
                    return 0
                fi
                __sharedserver_at=$at __sharedserver_file=$file
                if [[ -n $at ]]; then
                    if (( ${__sharedserver_seen[(Ie)$at]} )); then
                        seen=(--seen)
                    else
                        __sharedserver_seen+=("$at")
                    fi
                fi
                # a subshell, so that no job is told of
                (
                    trap '' TTOU
                    command @BINARY@ hook cd --pid $$ $seen </dev/null >/dev/null &
                )
            }
            typeset -ga precmd_functions
            if (( ! ${precmd_functions[(Ie)__sharedserver_prompt]} )); then
                precmd_functions+=(__sharedserver_prompt)
            fi
        fi
        """;

    private static final String FISH = """
        # fish hook of sharedserver: sharedserver hook shell fish | source in ~/.config/fish/config.fish
        if status is-interactive
            if test "$__sharedserver_shell" != $fish_pid
                set -g __sharedserver_shell $fish_pid
                set -g __sharedserver_pwd
                set -g __sharedserver_at
                set -g __sharedserver_seen
                # a shell that became this one by exec may hold what it has left
                test "$SHAREDSERVER_SHELL" = $fish_pid; and set -g __sharedserver_at /
                set -gx SHAREDSERVER_SHELL $fish_pid
            end
            function __sharedserver_prompt --on-event fish_prompt
                test "$PWD" = "$__sharedserver_pwd"; and return
                set -g __sharedserver_pwd $PWD
                set -l dir (pwd -P | string collect)
                set -l at ''
                while string match -q '/*' -- $dir
                    for file in .sharedserver.json .sharedserver/servers.json
                        if test -e $dir/$file
                            set at $dir/$file
                            break
                        end
                    end
                    test "$at" = ''; and test "$dir" != /; or break
                    set dir (string replace -r '/[^/]*$' '' -- $dir)
                    test "$dir" != ''; or set dir /
                end
                test "$at" = "$__sharedserver_at"; and return
                set -g __sharedserver_at $at
                set -l seen
                if test "$at" != ''
                    if contains -- $at $__sharedserver_seen
                        set seen --seen
                    else
                        set -ga __sharedserver_seen $at
                    end
                end
                # a shell in between, so that no job is told of
                command sh -c 'trap "" TTOU; "$0" "$@" </dev/null >/dev/null &' @BINARY@ hook cd --pid $fish_pid $seen
            end
        end
        """;

    private ShellHook() {}

    /**
     * Returns what that shell evaluates.
     *
     * @param binary path of the program to call
     */
    public static String script(Command.ShellHook.Shell shell, String binary) {
        return switch (shell) {
            case BASH -> BASH.replace("@BINARY@", posix(binary));
            case ZSH -> ZSH.replace("@BINARY@", posix(binary));
            case FISH -> FISH.replace("@BINARY@", fish(binary));
        };
    }

    private static String posix(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    private static String fish(String word) {
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
