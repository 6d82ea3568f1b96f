#include <stdio.h>

int main(void)
{
	return puts("sharedserver " VERSION) < 0;
}
