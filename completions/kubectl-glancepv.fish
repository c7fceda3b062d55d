# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_glancepv_global_optspecs
    string join \n n/namespace= claim= o/output= no-headers color= kubeconfig= context= cluster= user= s/server= token= username= password= as= as-group= as-uid= as-user-extra= certificate-authority= client-certificate= client-key= insecure-skip-tls-verify tls-server-name= request-timeout= disable-compression proxy-url= cache-dir= v/v= h/help V/version
end

function __fish_kubectl_glancepv_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_glancepv_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_glancepv_using_subcommand
    set -l cmd (__fish_kubectl_glancepv_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "status" -d 'Show the claim, its volumes, where they stand in the procedure and what to type next'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "check" -d 'Say before a maintenance window whether anything stands in the way'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "retain" -d 'Set the volume\'s reclaim policy to Retain, so that it outlives its claim'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "unretain" -d 'Set the volume\'s reclaim policy back to Delete'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "reuse" -d 'Make the preserved volume available to the next claim of that name'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "pin" -d 'Name the volume in the chart\'s template of the claim'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "unpin" -d 'Take the line away that `pin` added'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "verify" -d 'Say whether the claim is bound to the preserved volume'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "guide" -d 'Walk through the whole procedure, from wherever it stands to the end'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "export" -d 'Print the volume as a manifest that `kubectl apply` creates again'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_needs_command" -f -a "completion" -d 'Print a script for tab completion'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s w -l watch -d 'Go on, and show it again whenever it has changed'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand status" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s f -l filename -d 'See whether this template can be pinned' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand check" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l dry-run -d 'Show the change without making it: worked out here, or gone through by the server' -r -f -a "none\t'Nobody: the change is made'
client\t'The plugin'
server\t'The API server, which then forgets it'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l field-manager -d 'The name that the API server records as the author of the change' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand retain" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l dry-run -d 'Show the change without making it: worked out here, or gone through by the server' -r -f -a "none\t'Nobody: the change is made'
client\t'The plugin'
server\t'The API server, which then forgets it'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l field-manager -d 'The name that the API server records as the author of the change' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unretain" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s f -l filename -d 'Then pin the volume in this template, as `pin` does' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l timeout -d 'Wait this long for the claim to be gone (90s, 10m, 1h30m); without it, not at all' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l dry-run -d 'Show the change without making it: worked out here, or gone through by the server' -r -f -a "none\t'Nobody: the change is made'
client\t'The plugin'
server\t'The API server, which then forgets it'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l field-manager -d 'The name that the API server records as the author of the change' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand reuse" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s f -l filename -d 'The template; - filters standard input to standard output' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l dry-run -d 'Show the change without making it: worked out here, or gone through by the server' -r -f -a "none\t'Nobody: the change is made'
client\t'The plugin'
server\t'The API server, which then forgets it'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand pin" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s f -l filename -d 'The template; - filters standard input to standard output' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l dry-run -d 'Show the change without making it: worked out here, or gone through by the server' -r -f -a "none\t'Nobody: the change is made'
client\t'The plugin'
server\t'The API server, which then forgets it'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand unpin" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l timeout -d 'Wait this long for the claim to be bound (90s, 10m, 1h30m); without it, not at all' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand verify" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s f -l filename -d 'Pin the volume in this template' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l uninstall -d 'The command that uninstalls glance, run by the shell' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l install -d 'The command that installs glance, run by the shell' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l timeout -d 'How long to wait for each step that is done elsewhere; by default, for days' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l field-manager -d 'The name that the API server records as the author of the changes' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l again -d 'Uninstall and install once more where the claim was reused before'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s y -l yes -d 'Do not ask'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand guide" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand export" -s V -l version -d 'Print version'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s n -l namespace -d 'The claim\'s namespace; by default the context\'s own, the pod\'s, or else openstack' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l claim -d 'The claim\'s name' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s o -l output -d 'The output format; by default a table' -r -f -a "wide\t'The table with all columns'
name\t'resource/name'
json\t'The object, as JSON'
yaml\t'The object, as YAML'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l color -d 'Colour on standard error' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)'
always\t'Even in a pipe'
never\t'Not at all'"
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l kubeconfig -d 'Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l context -d 'The kubeconfig context to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l cluster -d 'The kubeconfig cluster to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l user -d 'The kubeconfig user to use' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l username -d 'Username for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l password -d 'Password for basic authentication' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l as -d 'User to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l as-group -d 'Group to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l as-user-extra -d 'Extra field to impersonate; may be repeated' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l certificate-authority -d 'File with the certificates that the API server\'s is checked against' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l client-certificate -d 'File with the client certificate' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l client-key -d 'File with the client certificate\'s key' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l tls-server-name -d 'The name that the API server\'s certificate must have, instead of the host\'s' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l request-timeout -d 'How long to wait for one answer (5, 5s, 1m); 0 is without limit' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l proxy-url -d 'Proxy to connect through, instead of the kubeconfig\'s or $`HTTPS_PROXY`' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l cache-dir -d 'kubectl\'s cache folder; this plugin keeps nothing' -r -F
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s v -l v -d 'Log requests to standard error from 6 on: method, address, status and time' -r
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l no-headers -d 'Tables without their header'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l insecure-skip-tls-verify -d 'Do not check the API server\'s certificate: the connection is then open to whoever is between'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -l disable-compression -d 'Ask for answers without compression; they always are'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-glancepv -n "__fish_kubectl_glancepv_using_subcommand completion" -s V -l version -d 'Print version'
