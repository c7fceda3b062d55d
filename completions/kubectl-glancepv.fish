# fish: tab completion of kubectl-glancepv, which is asked itself.
#   kubectl-glancepv completion fish | source
function __kubectl_glancepv
    set -l words (commandline -opc)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l flag (string match --regex -- '^--[^=]*=' $current)
    set -l found 0
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if string match --quiet -- ':*' $line
            set -l directive (string sub --start 2 -- $line)
            if test $found = 0 -a (math "bitand($directive, 4)") = 0
                __fish_complete_path $current
            end
        else
            set found 1
            printf '%s\n' "$flag$line"
        end
    end
end
complete --command kubectl-glancepv --no-files --arguments '(__kubectl_glancepv)'
