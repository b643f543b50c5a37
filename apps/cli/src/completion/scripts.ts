/**
 * The scripts with which shells complete the words of `backup-sync`. Each runs `backup-sync complete -- <words>`, whose
 * last word is the one to complete. The first line of the output is `values`, `files` or `directories`, then a tab and
 * the beginning of the word that is not part of the path. Values follow, one per line, each with a tab and a
 * description.
 */
export const completionScripts = {
  // Works without the bash-completion package and with bash 3.2, which macOS has. Readline completes files itself.
  bash: `# bash completion of backup-sync
_backup_sync() {
  local rest=\${COMP_LINE:0:COMP_POINT} words=() count=-1 i word cut kind='' value
  # bash splits words at "=" and ":" too: what is not separated by a space is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
      count=$((count + 1))
      words[count]=''
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    word=\${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then word=$rest; fi
    words[count]+=$word
    rest=\${rest#"$word"}
  done
  # Only what follows the last "=" or ":" is replaced.
  cut=\${words[count]%"$word"}
  case $word in = | :) cut=\${words[count]} ;; esac
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ -z $kind ]]; then
      kind=$value
    else
      printf -v value %q "$value"
      COMPREPLY+=("\${value#"$cut"}")
    fi
  done < <("\${1/#\\~/$HOME}" complete -- "\${words[@]:1}" 2>/dev/null)
  case $kind in
    files) ;;
    directories) compopt +o default -o dirnames 2>/dev/null ;;
    *) compopt +o default 2>/dev/null ;;
  esac
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _backup_sync backup-sync
`,
  zsh: `#compdef backup-sync
# zsh completion of backup-sync
_backup_sync() {
  local -a lines closed open
  local kind prefix line value
  lines=("\${(@f)$("\${(Q)words[1]}" complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  kind=\${lines[1]%%$'\\t'*}
  prefix=\${lines[1]#*$'\\t'}
  case $kind in
    files | directories)
      compset -P "\${(b)prefix}"
      if [[ $kind == files ]]; then _files; else _files -/; fi
      ;;
    *)
      for line in "\${(@)lines[2,-1]}"; do
        value=\${\${line%%$'\\t'*}//:/\\\\:}
        line="$value:\${line#*$'\\t'}"
        if [[ $value == *: ]]; then open+=("$line"); else closed+=("$line"); fi
      done
      _describe backup-sync closed -- open -S ''
      ;;
  esac
}
if [[ $funcstack[1] == _backup_sync ]]; then
  _backup_sync "$@"
else
  if ! (( $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
  compdef _backup_sync backup-sync
fi
`,
  fish: `# fish completion of backup-sync
function __backup_sync_complete
  set -l words (commandline -opc)
  set -l token (commandline -ct)
  set -l lines ($words[1] complete -- $words[2..-1] "$token" 2>/dev/null)
  set -l first (string split \\t -- $lines[1])
  set -l from (math (string length -- "$first[2]") + 1)
  switch $first[1]
    case files
      for path in (__fish_complete_path (string sub --start $from -- "$token"))
        echo -- $first[2]$path
      end
    case directories
      for path in (__fish_complete_directories (string sub --start $from -- "$token"))
        echo -- $first[2]$path
      end
    case '*'
      if test (count $lines) -gt 1
        printf '%s\\n' $lines[2..-1]
      end
  end
end
complete --command backup-sync --no-files --arguments '(__backup_sync_complete)'
`,
} as const;
