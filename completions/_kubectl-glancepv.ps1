# PowerShell: tab completion of kubectl-glancepv, which is asked itself.
#   kubectl-glancepv completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'kubectl-glancepv' -ScriptBlock {
    param($current, $line, $cursor)
    $words = @($line.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    $command = $words[0]
    $words = @($words | Select-Object -Skip 1)
    # An empty word is none to the parser, and is the one to complete.
    if ($current -eq '') { $words += if ($PSNativeCommandArgumentPassing -in 'Standard', 'Windows') { '' } else { '""' } }
    $flag = if ($current -match '^--[^=]*=') { $Matches[0] } else { '' }
    foreach ($answer in & $command __complete @words 2>$null) {
        if ($answer -notmatch '^:\d+$') {
            $value, $help = $answer -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($flag + $value, $value, 'ParameterValue', $help)
        }
    }
}
