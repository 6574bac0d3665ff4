"""The embedded engine: paired pools in their own SQLite file that do what the reference pages say.

The world file plays the remote side: a run in it goes on when the bot dies. Nothing of the bot or of its log
enters here. Only this text is defined here, so that importing the package costs nothing.
"""

ABOUT = """\
The lab engine imitates pool failover as the reference pages of Invoke-CsPoolFailOver and Invoke-CsPoolFailBack
(Lync Server 2013) describe it. It is not Lync, and only one sentence it prints is Microsoft's: the refusal about
the Edge server's next hop, which is documented word for word. All other lines are the lab's and begin with "Lab: ".

Imitated: paired pools, Front Ends and their quorum, back ends, the backup service in both directions, writes that
are not replicated yet, read-only pools, WaitTime that ends in an assumption, disaster mode and what it loses,
resiliency mode before a failover, sign-off by the redirect, the Central Management Store's place, Edge next hops,
storage service queues, what changes when a pool dies in the middle of a run.

Not simulated: SIP, media, presence fan-out, Active Directory, SQL Server, certificates, DNS, Response Groups.

The lab's own reading, where no page says it: a failover waits 15 seconds for the data unless given another time (the
page gives that figure for failback only); the order of the inner steps; that Force does not override the Edge
refusal; that failing a pool back in disaster mode loses what had not reached the home pool by then; that a cmdlet
in either direction needs the Central Management Store up; the durations; the names of roles. That the backup
registrar takes over for voice after 300 seconds is the documented default.
"""
