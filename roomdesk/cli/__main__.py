from roomdesk.cli import main

main(prog_name="roomdesk")
