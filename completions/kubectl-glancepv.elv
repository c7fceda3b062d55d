# elvish: tab completion of kubectl-glancepv, which is asked itself.
#   eval (kubectl-glancepv completion elvish | slurp)
use str
set edit:completion:arg-completer[kubectl-glancepv] = {|@words|
  var current = $words[-1]
  var flag = ''
  if (and (str:has-prefix $current '--') (str:contains $current '=')) {
    set flag = $current[..(+ 1 (str:index $current '='))]
  }
  var files = $true
  (external $words[0]) __complete (all $words[1..]) 2>/dev/null | each {|line|
    if (str:has-prefix $line ':') {
      if (and $files (has-value [:0] $line)) { edit:complete-filename $current }
    } else {
      set files = $false
      var parts = [(str:split "\t" $line)]
      var help = ''
      if (> (count $parts) 1) { set help = ' ('$parts[1]')' }
      edit:complex-candidate $flag$parts[0] &code-suffix=' ' &display=$parts[0]$help
    }
  }
}
