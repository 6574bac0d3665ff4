"""The real engine: Invoke-CsPoolFailOver over PowerShell remoting. The only package that knows pypsrp."""
