# bash: tab completion of kubectl-glancepv, which is asked itself.
#   source <(kubectl-glancepv completion bash)
_kubectl_glancepv() {
  local cur words cword line value
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n "=:" cur words cword
  else
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
    :*) ((${line#:} & 4)) || compopt -o default 2>/dev/null ;;
    *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1:cword}" 2>/dev/null)
}
complete -F _kubectl_glancepv kubectl-glancepv
